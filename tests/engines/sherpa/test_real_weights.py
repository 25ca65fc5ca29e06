"""The engine with Moonshine's weights: words, times, kills, faults, load, on both loops."""

from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import numpy as np
import numpy.typing as npt
import pytest

from anyio_stt import APIConnectionError, APIConnectOptions, AudioFrame, SpeechEvent, STTError
from anyio_stt.engines.sherpa import SherpaSTT
from anyio_stt.events import SpeechEventType
from anyio_stt.testing import assert_no_leaks, check_stt, cut, silence, spoken

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.real_time,
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("weights"),
]
SOAK = os.environ.get("ANYIO_STT_SOAK") == "1"
SAID = ["Good morning and welcome to the show.", "This speech was made by a machine."]
RIVER = Path(__file__).parents[3] / "docs" / "examples" / "river.wav"
FINAL = SpeechEventType.FINAL_TRANSCRIPT
QUICK = APIConnectOptions(retry_interval=0.1)
LONG_PAUSE = 0.25  # for a busy machine; what it is on an idle one, benchmarks/accuracy tells


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    await anyio.run_process([sys.executable, "-c", ""])  # uvloop keeps /dev/null from then on
    async with assert_no_leaks():
        yield


async def transcribe(stt: SherpaSTT, audio: list[AudioFrame]) -> list[SpeechEvent]:
    events = []
    async with stt.stream(conn_options=QUICK) as stream, anyio.create_task_group() as tg:
        tg.start_soon(stream.feed, audio)
        async for event in stream:
            events.append(event)  # noqa: PERF401 - what came counts if it fails
    return events


def finals(events: list[SpeechEvent]) -> list[str]:
    return [event.alternatives[0].text for event in events if event.type is FINAL]


@pytest.mark.parametrize("isolated", [False, True])
async def test_what_was_said_comes_back_in_threads_and_in_processes(isolated: bool) -> None:
    async with nothing_left(), SherpaSTT(isolated=isolated) as stt:
        events = await transcribe(stt, cut(spoken().frame, 0.1))
        whole = await stt.recognize(spoken().frame)

    assert finals(events) == SAID
    assert whole.alternatives[0].text == " ".join(SAID)
    for event in events:
        if event.type is FINAL:
            speech = event.alternatives[0]
            assert speech.language == "en"
            assert speech.confidence == 0
            assert speech.words is not None
            assert [word.text for word in speech.words] == speech.text.split()
            edges = [edge for word in speech.words for edge in (word.start_time, word.end_time)]
            assert edges == sorted(edges)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_engine_keeps_the_contract(backend: str) -> None:
    loaded = SherpaSTT()._load()

    def make() -> SherpaSTT:
        # Loading cannot be cancelled: on a busy machine it takes longer than closing may.
        stt = SherpaSTT()
        stt._pool._load = lambda: loaded  # type: ignore[union-attr]
        return stt

    anyio.run(partial(check_stt, make, patience=30), backend=backend)


def workers() -> list[int]:
    """Return the worker processes that this process has started and not buried."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/stat") as stat:
                    fields = stat.read().rpartition(")")[2].split()
                with open(f"/proc/{entry.name}/cmdline") as command:
                    ours = "child.py" in command.read()
            except OSError:
                continue
            if ours and fields[0] != "Z" and int(fields[1]) == os.getpid():
                found.append(int(entry.name))
    return found


@pytest.mark.contract("S16")
async def test_a_worker_killed_three_times_costs_no_stretch_of_speech() -> None:
    audio = cut(spoken().frame, 0.1) + cut(silence(1.0), 0.1)
    errors: list[STTError] = []
    events: list[SpeechEvent] = []
    async with nothing_left(), SherpaSTT(isolated=True, max_workers=1) as stt:
        stt.on("error", errors.append)
        async with stt.stream(conn_options=QUICK) as stream, anyio.create_task_group() as tg:

            async def collect() -> None:
                events.extend([event async for event in stream])

            tg.start_soon(collect)
            for number, frame in enumerate(audio, 1):
                await stream.send_frame(frame)
                if number in (8, 22, 45):
                    while stream.statistics().pending > 0.1 or not workers():
                        await anyio.sleep(0.02)
                    for pid in workers():
                        os.kill(pid, signal.SIGKILL)
            stream.end_input()
        statistics = stream.statistics()

    assert finals(events) == SAID
    assert [error.recoverable for error in errors] == [True] * 3
    assert all("SIGKILL" in str(error.error) for error in errors)
    assert statistics.dropped == 0


class FaultySTT(SherpaSTT):
    """Fails now and then, wherever its stream is."""

    def __init__(self, seed: int) -> None:
        super().__init__(max_workers=1)
        self._random = random.Random(seed)
        real = self._load

        def load() -> object:
            loaded = real()
            session = loaded.session

            def faulty(say: object, busy: object, *, interims: bool) -> object:
                made = session(say, busy, interims=interims)  # type: ignore[arg-type]
                hear = made.hear

                def maybe(audio: bytes) -> None:
                    if self._random.random() < 0.01:
                        raise OSError("struck by a fault")
                    hear(audio)

                made.hear = maybe  # type: ignore[method-assign]
                return made

            loaded.session = faulty  # type: ignore[method-assign, assignment]
            return loaded

        self._pool._load = load  # type: ignore[union-attr]


@pytest.mark.contract("S21")
@pytest.mark.parametrize("seed", range(40 if SOAK else 4))
async def test_over_random_faults_what_was_pushed_is_recognised_silent_or_dropped(
    seed: int,
) -> None:
    audio = [silence(1.5), *cut(spoken().frame, 0.1), silence(2.0), *cut(spoken().frame, 0.1)]
    async with FaultySTT(seed) as stt:
        stt.on("error", lambda _: None)
        options = APIConnectOptions(max_retry=20, retry_interval=0.01)
        events = []
        async with stt.stream(conn_options=options) as stream:
            for frame in audio:
                await stream.send_frame(frame)
            stream.end_input()
            events = [event async for event in stream]
        statistics = stream.statistics()

    assert " ".join(finals(events)).lower().count("made by a machine") == 2
    assert statistics.dropped == 0
    assert statistics.pending == statistics.replay == 0
    silent = getattr(statistics, "silent", 0.0)
    assert math.isclose(statistics.recognised + silent, statistics.pushed, abs_tol=0.01)


async def test_a_dead_worker_fails_the_stream_when_retries_are_forbidden() -> None:
    once = APIConnectOptions(max_retry=0)
    async with nothing_left(), SherpaSTT(isolated=True) as stt:
        with pytest.raises(APIConnectionError, match=r"exit code -9 \(SIGKILL\)"):
            await _lose_a_worker(stt, once)


async def _lose_a_worker(stt: SherpaSTT, options: APIConnectOptions) -> None:
    async with stt.stream(conn_options=options) as stream:
        stream.push_frame(spoken().frame.slice(0, 16000))
        while stream.statistics().pending > 0.1 or not workers():
            await anyio.sleep(0.02)
        for pid in workers():
            os.kill(pid, signal.SIGKILL)
        async for _ in stream:
            pass


def noises(seconds: float) -> dict[str, npt.NDArray[np.float64]]:
    rng = np.random.default_rng(1)
    count = round(seconds * 16000)
    white = rng.normal(0, 1000, count)
    time = np.arange(count) / 16000
    brown = np.cumsum(white)
    brown -= np.convolve(brown, np.ones(4000) / 4000, "same")
    return {
        "silence": np.zeros(count),
        "white": white,
        "loud white": white * 8,
        "brown": brown / np.abs(brown).max() * 8000,
        "hum": 3000 * np.sin(2 * np.pi * 50 * time) + 1000 * np.sin(2 * np.pi * 150 * time),
        "clicks": np.where(rng.random(count) < 0.0005, 20000, 0) + white / 20,
        "tone": 5000 * np.sin(2 * np.pi * 1000 * time),
        "pulses": white * 3 * (np.sin(2 * np.pi * 2 * time) > 0.9),
        "sweep": 5000 * np.sin(2 * np.pi * (200 + 300 * np.sin(time)) * time),
    }


def test_silence_and_noises_say_nothing() -> None:
    async def main() -> None:
        async with SherpaSTT() as stt:
            for name, samples in noises(600 if SOAK else 20).items():
                frame = AudioFrame.from_array(
                    np.clip(samples, -32768, 32767).astype(np.int16), 16000
                )
                events = await transcribe(stt, cut(frame, 0.5))
                assert finals(events) == [], name

    anyio.run(main)


async def test_four_streams_at_once_hear_the_same_and_the_loop_goes_on() -> None:
    pauses = [0.0]

    async def watch() -> None:
        while True:
            before = anyio.current_time()
            await anyio.sleep(0.005)
            pauses.append(anyio.current_time() - before - 0.005)

    heard: list[list[str]] = []

    async def one(stt: SherpaSTT) -> None:
        heard.append(finals(await transcribe(stt, cut(spoken().frame, 0.1))))

    async with nothing_left(), SherpaSTT(max_workers=2) as stt:
        await stt.recognize(silence(0.5))  # it is loaded
        async with anyio.create_task_group() as watching:
            watching.start_soon(watch)
            async with anyio.create_task_group() as tg:
                for _ in range(4):
                    tg.start_soon(one, stt)
            watching.cancel_scope.cancel()

    assert heard == [SAID] * 4
    assert max(pauses) < LONG_PAUSE


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_readmes_recording_is_heard_right(backend: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "anyio_stt", "transcribe", "--backend", backend, str(RIVER)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.stdout == "Nobody expected the river to rise so quickly after the rain.\n"
    assert ended.stderr == "engine: sherpa\n"
