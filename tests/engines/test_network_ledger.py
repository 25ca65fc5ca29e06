"""What was pushed into an engine on the network: recognised, silent or told as lost, all of it."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from dataclasses import dataclass, field

import anyio
import pytest

from anyio_stt import (
    APIConnectOptions,
    APIError,
    AudioFrame,
    AudioLostError,
    RecognizeStream,
    SpeechEventType,
    StreamClosedError,
    STTError,
)
from anyio_stt.testing import cut_randomly, silence
from anyio_stt.testing.servers import Action, Fault, Moment, say_words
from tests.engines.test_network_engines import ENGINES, Network

pytestmark = pytest.mark.real_time

FEW, AT_ONCE = 2, 10
MANY = 2000 if os.environ.get("ANYIO_STT_SOAK") else 6
WORD, GAP = 0.2, 0.1
NEAR = 0.35  # seconds by which what is told as lost may differ from where a word is
HANG = 0.4  # seconds until a peer that hangs is left

ACTIONS = {
    Action.RESET: 8,
    Action.CLOSE: 5,
    Action.GARBAGE: 3,
    Action.CUT: 2,
    Action.DUPLICATE: 2,
    Action.SLOW: 1,
    Action.PING: 2,
    Action.REFUSE: 2,
    Action.STATUS: 3,
    Action.SILENT: 1,
    Action.HALF_OPEN: 1,
}
"""What goes wrong, and how often."""
HANGS = (Action.SILENT, Action.HALF_OPEN)
CODES = (1000, 1000, 1001, 1011, 1012, 1013, 4429, 1008)


@dataclass
class Spoken:
    """Utterances with pauses behind them, and where each word begins."""

    parts: list[AudioFrame] = field(default_factory=list)
    words: dict[str, float] = field(default_factory=dict)


def spoken(rng: random.Random, rate: int, seconds: float = 8.0) -> Spoken:
    """Make utterances of random length with pauses of random length, and flush behind some."""
    said = Spoken()
    at, number = 0.0, 0
    while at < seconds:
        count = rng.randint(1, 4)
        pause = rng.choice([0.4, 0.5, 1.0, 2.5])
        numbers = range(number + 1, number + count + 1)
        said.parts.append(say_words(numbers, word=WORD, gap=GAP, pause=pause, per_utterance=count,
                               sample_rate=rate))  # fmt: skip
        said.words.update(
            {f"w{each}": at + index * (WORD + GAP) for index, each in enumerate(numbers)}
        )
        at, number = at + said.parts[-1].duration, number + count
    said.parts.append(silence(rng.random(), sample_rate=rate))
    return said


def fault(rng: random.Random, network: Network, *, hangs: bool) -> Fault | None:
    """Return what goes wrong on one connection, if anything does."""
    (action,) = rng.choices(list(ACTIONS), list(ACTIONS.values()))
    if rng.random() < 0.25 or (action in HANGS and not hangs):
        return None
    moments = [*Moment]
    if action is Action.STATUS:
        status = rng.choice([503, 429, 500, 422])
        at = rng.choice([Moment.OPENING, Moment.DRAINING]) if network.after == 0.0 else moments[0]
        return Fault(action, at, status=status, retry_after="0")
    return Fault(
        action,
        rng.choice(moments),
        after=rng.random() * 6,
        code=rng.choice(CODES),
        delay=0.005,
        piece=rng.choice([1, 7, 100]),
    )


async def feed(stream: RecognizeStream, said: Spoken, rng: random.Random) -> None:
    with suppress(StreamClosedError):
        for part in said.parts:
            for frame in cut_randomly(part, rng):
                await stream.send_frame(frame)
            if rng.random() < 0.4:
                stream.flush()
        stream.end_input()


async def check(name: str, seed: int, *, hangs: bool = True) -> bool:
    """Run one random stream of engine *name*; return whether it came to a good end."""
    rng = random.Random(f"{name} {seed}")
    network = ENGINES[name]
    said = spoken(rng, network.rate)
    faults = [fault(rng, network, hangs=hangs) for _ in range(rng.choice([0, 1, 3, 8]))]
    options = APIConnectOptions(
        max_retry=rng.choice([0, 2, 8]), retry_interval=0.01, max_retry_after=1.0,
        timeout=10 * HANG, drain_timeout=4 * HANG, idle_timeout=4 * HANG,
        replay_limit=rng.choice([None, None, 3.0]),
    )  # fmt: skip
    heard: list[str] = []
    lost: list[tuple[float, float]] = []
    failure: APIError | None = None

    def note(error: STTError) -> None:
        if isinstance(error.error, AudioLostError):
            lost.extend(error.error.lost)

    with anyio.fail_after(60):
        async with network.serve(faults) as server, network.engine(server) as stt:
            stt.on("error", note)
            async with (
                stt.stream(conn_options=options) as stream,
                anyio.create_task_group() as tasks,
            ):
                tasks.start_soon(feed, stream, said, rng)
                try:
                    async for event in stream:
                        if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                            heard += event.alternatives[0].text.split()
                except APIError as exc:
                    failure = exc
    numbers, about = stream.statistics(), (name, seed, stream.statistics(), faults)
    assert (numbers.pending, numbers.replay) == (0.0, 0.0), about
    accounted = numbers.recognised + numbers.silent + numbers.dropped
    assert accounted == pytest.approx(numbers.pushed, abs=2e-3), about
    told = sum(end - start for start, end in lost)
    assert told == pytest.approx(numbers.dropped, abs=2e-3), (*about, lost)
    assert len(heard) == len(set(heard)), (*about, heard)
    missing = [
        word
        for word, start in said.words.items()
        if word not in heard and start < numbers.pushed and not _near(start, lost)
    ]
    assert not missing, (*about, missing, lost, failure)
    return failure is None


def _near(start: float, lost: list[tuple[float, float]]) -> bool:
    return any(first - NEAR <= start <= last + NEAR for first, last in lost)


@pytest.mark.contract("S16", "S21")
@pytest.mark.parametrize("name", ENGINES)
async def test_every_second_is_accounted_for_whatever_a_peer_does(name: str) -> None:
    for seed in range(FEW):
        await check(name, seed, hangs=False)


@pytest.mark.heavy
@pytest.mark.usefixtures("unlogged")
@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("name", ENGINES)
async def test_in_many_random_streams_over_a_network_nothing_is_unaccounted(name: str) -> None:
    seeds, well = iter(range(FEW, FEW + MANY)), 0

    async def run() -> None:
        nonlocal well
        for seed in seeds:
            ended_well = await check(name, seed)
            well += ended_well

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(run)
    assert well > MANY / 4  # most of what goes wrong is gone over
