"""Starts a provider and a client for each contestant, all at the same time, and scores them."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..environments import CHECKOUT, EnvironmentFailed, python_of
from .scenarios import SCENARIOS
from .score import Score, Speech

__all__ = ("CONTESTANTS", "Contestant", "Outcome", "run_all")

_RESTART = 0.5  # seconds
_PATIENCE = 180  # seconds beyond the speech after which a client counts as hanging


@dataclass(frozen=True)
class Contestant:
    """
    Who listens.

    Args:
        name: what the table calls it.
        module: its file in `contestants/`.
        argument: given to that file's `listen`.
        environment: a key of `benchmarks.contestants.ENVIRONMENTS`.
        without: scenarios that it has nothing for, and why.
        quick: whether `--quick` has it.
    """

    name: str
    module: str
    argument: str
    environment: str
    without: dict[str, str] = field(default_factory=dict)
    quick: bool = False


_SDK = {
    "handover": "the client knows one provider",
    "impatient": "it calls back, nobody waits",
}
_PIPECAT = {"impatient": "frames are pushed on, nobody waits"}
CONTESTANTS = (
    Contestant("anyio_stt, asyncio", "anyio_stt", "asyncio", "anyio_stt", quick=True),
    Contestant("anyio_stt, trio", "anyio_stt", "trio", "anyio_stt", quick=True),
    Contestant("LiveKit newest", "livekit", "", "livekit-latest", quick=True),
    Contestant("LiveKit 0.12.7", "livekit", "", "livekit-0.12.7"),
    Contestant("LiveKit's plugin bridged, asyncio", "anyio_stt", "bridged asyncio", "bridge"),
    Contestant("LiveKit's plugin bridged, trio", "anyio_stt", "bridged trio", "bridge"),
    Contestant("Pipecat's service", "pipecat", "", "pipecat-deepgram", _PIPECAT),
    Contestant("Deepgram's SDK", "deepgram_sdk", "", "deepgram-sdk", _SDK),
)


@dataclass
class Outcome:
    """What came of the contestants in one scenario; a text says why there is no score."""

    scenario: str
    scores: dict[str, Score | str] = field(default_factory=dict)


class _Provider:
    """One process with the servers of a scenario."""

    def __init__(self, arguments: list[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.chaos.server", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
        )

    def addresses(self) -> list[str]:
        assert self._process.stdout is not None
        said: list[str] = json.loads(self._process.stdout.readline())
        return said

    def take_over(self) -> None:
        """Listen now."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def _providers(scenario: str, seed: int, seconds: float) -> Iterator[list[str]]:
    """Run the servers; where the scenario kills them, others take over half a second later."""
    arguments = [scenario, str(seed), str(seconds)]
    killed_at = SCENARIOS[scenario].killed_at
    providers = [_Provider(arguments)]
    timer: threading.Timer | None = None

    def replace() -> None:
        providers[0].kill()
        time.sleep(_RESTART)
        providers[1].take_over()

    try:
        addresses = providers[0].addresses()
        if killed_at is not None:
            ports = [address.rpartition(":")[2] for address in addresses]
            providers.append(_Provider([*arguments, *ports]))
            timer = threading.Timer(killed_at * seconds + 1.0, replace)
            timer.start()
        yield addresses
    finally:
        if timer is not None:
            timer.cancel()
            timer.join()
        for provider in providers:
            provider.kill()


def _pythons(contestants: list[Contestant], here: bool) -> dict[str, str | EnvironmentFailed]:
    """Make every environment that is wanted, one after another, before anything is timed."""
    made: dict[str, str | EnvironmentFailed] = {}
    for environment in dict.fromkeys(each.environment for each in contestants):
        try:
            if not here:
                made[environment] = str(python_of(environment))
            elif environment == "anyio_stt":
                made[environment] = sys.executable
            else:
                made[environment] = EnvironmentFailed("--here runs what this interpreter has")
        except EnvironmentFailed as exc:
            made[environment] = exc
    return made


@dataclass(frozen=True)
class _Hearing:
    """One scenario, the same for each contestant."""

    scenario: str
    speech: Speech
    path: str
    seed: int
    pythons: dict[str, str | EnvironmentFailed]

    def score(self, who: Contestant) -> Score | str:
        python = self.pythons[who.environment]
        if self.scenario in who.without:
            return who.without[self.scenario]
        if isinstance(python, EnvironmentFailed):
            return f"not installed: {python}"
        seconds = self.speech.seconds
        with _providers(self.scenario, self.seed, seconds) as urls:
            impatient = SCENARIOS[self.scenario].impatient
            call = {"urls": urls, "speech": self.path, "impatient": impatient}
            command = [python, "-m", "benchmarks.chaos.client", who.module, who.argument]
            try:
                made = subprocess.run(
                    command, input=json.dumps(call) + "\n", capture_output=True, text=True,
                    cwd=CHECKOUT, timeout=seconds + _PATIENCE, check=False,
                    env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return f"hung: no end {_PATIENCE} s after the speech"
        if made.returncode or not made.stdout.strip():
            print(made.stderr[-3000:], file=sys.stderr)
            return f"failed: {(made.stderr.strip().splitlines() or ['no answer'])[-1]}"
        return Score.of(self.speech, json.loads(made.stdout.splitlines()[-1]))


def run_all(
    scenarios: list[str], contestants: list[Contestant], words: int, seed: int, *, here: bool
) -> list[Outcome]:
    """Let every contestant hear the same speech in each scenario; *here* makes no environments."""
    speech, outcomes = Speech(words), []
    pythons = _pythons(contestants, here)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "speech.raw")
        path.write_bytes(speech.samples())
        for scenario in scenarios:
            began = time.monotonic()
            print(f"{scenario} ...", file=sys.stderr)
            hearing = _Hearing(scenario, speech, str(path), seed, pythons)
            with ThreadPoolExecutor(len(contestants)) as pool:
                scores = list(pool.map(hearing.score, contestants))
            names = [each.name for each in contestants]
            outcomes.append(Outcome(scenario, dict(zip(names, scores, strict=True))))
            print(f"  {time.monotonic() - began:.0f} s", file=sys.stderr)
    return outcomes


def seeded(seed: int | None) -> int:
    """Return the seed to use: the one that was asked for, or a new one."""
    return random.SystemRandom().randrange(10_000) if seed is None else seed
