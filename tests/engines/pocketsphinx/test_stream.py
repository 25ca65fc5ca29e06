"""
Streams that a real decoder recognises, in real processes.

What does not depend on the decoder is tested with a quick one in `tests/workers`; here it is heavy.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    APITimeoutError,
    AudioFrame,
    STTError,
    STTMetrics,
)
from anyio_stt.engines.pocketsphinx import (
    Endpointing,
    PocketSphinxOptions,
    PocketSphinxStream,
    PocketSphinxSTT,
)
from anyio_stt.events import SpeechEvent, SpeechEventType
from anyio_stt.testing import assert_no_leaks, cut, silence, spoken

pytest.importorskip("pocketsphinx")
pytestmark = pytest.mark.real_time

FIRST, SECOND = spoken().transcript.splitlines()
QUICK = APIConnectOptions(retry_interval=0.1)
# A decoder in this process stops the loop for a second. The rest is for a busy machine.
LONG_PAUSE = 0.2
NO_GUESSES = PocketSphinxOptions(interim_results=False)


def frames(seconds: float = 0.1) -> list[AudioFrame]:
    return cut(spoken().frame, seconds)


def finals(events: Iterable[SpeechEvent]) -> list[str]:
    final = SpeechEventType.FINAL_TRANSCRIPT
    return [event.alternatives[0].text for event in events if event.type is final]


def kinds(events: Iterable[SpeechEvent]) -> list[str]:
    """Return the types in order, a run of interims as one."""
    names = [event.type.name.split("_")[0] for event in events]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    # uvloop opens /dev/null with the first process it starts, and keeps it.
    await anyio.run_process([sys.executable, "-c", ""])
    async with assert_no_leaks():
        yield


async def transcribe(
    stt: PocketSphinxSTT, audio: Sequence[AudioFrame], options: APIConnectOptions = QUICK
) -> list[SpeechEvent]:
    events = []
    async with stt.stream(conn_options=options) as stream, anyio.create_task_group() as tg:
        tg.start_soon(stream.feed, audio)
        async for event in stream:
            events.append(event)  # noqa: PERF401 - what came counts if it fails
    return events


async def test_what_was_said_comes_back_with_guesses_words_and_times() -> None:
    with anyio.fail_after(30):
        async with nothing_left(), PocketSphinxSTT() as stt:
            events = await transcribe(stt, frames())

    assert finals(events) == [FIRST, SECOND]
    assert kinds(events) == ["START", "INTERIM", "FINAL", "END"] * 2
    for event, begins, ends in zip(
        [event for event in events if event.type is SpeechEventType.FINAL_TRANSCRIPT],
        (0.0, 3.45),
        (2.65, 5.90),
        strict=True,
    ):
        speech = event.alternatives[0]
        assert speech.language == "en-US"
        assert 0.5 < speech.confidence <= 1
        assert speech.words is not None
        assert " ".join(word.text for word in speech.words) == speech.text
        assert begins <= speech.start_time < begins + 0.4
        assert ends - 0.6 < speech.end_time <= ends
        edges = [edge for word in speech.words for edge in (word.start_time, word.end_time)]
        assert edges == sorted(edges)


@pytest.mark.heavy
async def test_a_stretch_without_speech_says_nothing_and_counts_as_silent() -> None:
    with anyio.fail_after(30):
        async with PocketSphinxSTT() as stt, stt.stream() as stream:
            for frame in cut(silence(5.0), 0.1):
                await stream.send_frame(frame)
            stream.end_input()
            events = [event async for event in stream]

    assert events == []
    assert stream.statistics().replay < 1.0
    assert stream.statistics().silent > 4.0


@pytest.mark.contract("S9")
async def test_flush_ends_the_open_utterance_and_what_follows_is_another() -> None:
    audio = spoken().frame
    middle = int(1.08 * audio.sample_rate)  # between "morning" and "and"
    with anyio.fail_after(30):
        async with PocketSphinxSTT(NO_GUESSES) as stt, stt.stream() as stream:
            stream.push_frame(audio.slice(0, middle))
            stream.flush()
            first = await anext(stream), await anext(stream), await anext(stream)
            stream.push_frame(audio.slice(middle, 3 * audio.sample_rate))
            stream.end_input()
            rest = [event async for event in stream]

    assert kinds(first) == ["START", "FINAL", "END"]
    assert finals(first) == ["good morning"]
    assert " ".join(finals(rest)).endswith("welcome to the show")


@pytest.mark.heavy
async def test_speech_without_a_pause_is_cut_where_no_word_is() -> None:
    speech = spoken().frame.slice(0, int(2.5 * 16000))
    options = PocketSphinxOptions(
        interim_results=False, endpointing=Endpointing(offset=2.0, max_utterance=6.0)
    )
    with anyio.fail_after(40):
        async with PocketSphinxSTT(options) as stt:
            events = await transcribe(stt, [speech] * 4)

    assert len(finals(events)) >= 2
    assert " ".join(finals(events)).split().count("show") == 4
    assert kinds(events)[:2] == ["START", "FINAL"]
    assert kinds(events).count("START") == 1


# ---- workers


class Killer:
    """Kills whatever worker runs, when it is told to."""

    def __init__(self) -> None:
        self.killed = 0

    def kill(self) -> None:
        for pid in workers():
            os.kill(pid, signal.SIGKILL)
            self.killed += 1


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


@pytest.mark.heavy
@pytest.mark.contract("S16")
async def test_a_worker_killed_three_times_costs_no_stretch_of_speech() -> None:
    audio, killer = frames() + cut(silence(1.0), 0.1), Killer()
    lost: list[STTError] = []
    with anyio.fail_after(60):
        async with nothing_left(), PocketSphinxSTT(NO_GUESSES, max_workers=1) as stt:
            stt.on("error", lost.append)
            async with stt.stream(conn_options=QUICK) as stream:
                events: list[SpeechEvent] = []
                async with watched() as pauses, anyio.create_task_group() as tg:
                    tg.start_soon(collect, stream, events)
                    for number, frame in enumerate(audio, 1):
                        await stream.send_frame(frame)
                        if number in (8, 22, 45):  # twice amid the first sentence
                            await heard_so_far(stream)
                            killer.kill()
                    stream.end_input()
                statistics = stream.statistics()

    assert max(pauses) < LONG_PAUSE
    assert killer.killed == 3
    assert [error.recoverable for error in lost] == [True] * 3
    assert all("SIGKILL" in str(error.error) for error in lost)
    assert finals(events) == [FIRST, SECOND]
    assert kinds(events) == ["START", "FINAL", "END"] * 2
    assert statistics.attempt == 4
    assert statistics.dropped == 0


async def collect(stream: PocketSphinxStream, events: list[SpeechEvent]) -> None:
    async for event in stream:
        events.append(event)  # noqa: PERF401 - what came counts if it fails


async def heard_so_far(stream: PocketSphinxStream) -> None:
    """Wait until an attempt is on its way and has read what was pushed."""
    while stream.statistics().pending or not workers():
        await anyio.sleep(0.02)


async def lose_a_worker(stt: PocketSphinxSTT) -> None:
    async with stt.stream(conn_options=APIConnectOptions(max_retry=0)) as stream:
        stream.push_frame(spoken().frame.slice(0, 16000))
        await heard_so_far(stream)
        Killer().kill()
        async for _ in stream:
            pass


@pytest.mark.heavy
@pytest.mark.contract("S15")
async def test_a_dead_worker_fails_the_stream_when_retries_are_forbidden() -> None:
    with anyio.fail_after(30):
        async with nothing_left(), PocketSphinxSTT(NO_GUESSES) as stt:
            with pytest.raises(APIConnectionError, match=r"exit code -9 \(SIGKILL\)"):
                await lose_a_worker(stt)


@pytest.mark.contract("S2")
async def test_leaving_the_block_while_it_recognises_leaves_no_process() -> None:
    with anyio.fail_after(30):
        async with nothing_left(), PocketSphinxSTT() as stt, stt.stream() as stream:
            stream.push_frame(spoken().frame)
            async for _ in stream:
                break
            assert len(workers()) == 1


@pytest.mark.heavy
@pytest.mark.contract("S2")
async def test_without_its_block_an_engine_leaves_no_process_behind_a_stream() -> None:
    stt = PocketSphinxSTT(NO_GUESSES)
    with anyio.fail_after(30):
        async with nothing_left():
            events = await transcribe(stt, frames())
            assert workers() == []
    assert finals(events) == [FIRST, SECOND]


@pytest.mark.heavy
@pytest.mark.contract("S4")
async def test_closing_the_engine_ends_its_idle_workers() -> None:
    with anyio.fail_after(30):
        async with PocketSphinxSTT(NO_GUESSES) as stt:
            await transcribe(stt, cut(silence(0.5), 0.1))
            assert len(workers()) == stt.statistics().idle == 1
            await stt.aclose()
            assert workers() == []


@pytest.mark.heavy
async def test_a_worker_is_used_again_and_forgets_who_spoke_before() -> None:
    with anyio.fail_after(30):
        async with PocketSphinxSTT(NO_GUESSES) as stt:
            heard = [await transcribe(stt, frames()) for _ in range(2)]
            assert stt.statistics().started == 1

    once, again = ([event.alternatives for event in events] for events in heard)
    assert once == again


@pytest.mark.heavy
async def test_a_worker_that_died_while_idle_is_replaced_unnoticed() -> None:
    with anyio.fail_after(30):
        async with PocketSphinxSTT(NO_GUESSES) as stt:
            await transcribe(stt, cut(silence(0.5), 0.1))
            Killer().kill()
            events = await transcribe(stt, frames(), APIConnectOptions(max_retry=0))

    assert finals(events) == [FIRST, SECOND]
    assert stt.statistics().started == 2


@pytest.mark.heavy
async def test_a_stream_beyond_the_workers_waits_its_turn_says_so_and_loses_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "anyio_stt")
    impatient = APIConnectOptions(max_retry=0, timeout=1.0)
    with anyio.fail_after(30):
        async with PocketSphinxSTT(NO_GUESSES, max_workers=1) as stt, stt.stream() as first:
            first.push_frame(silence(0.1))
            await heard_so_far(first)
            async with stt.stream(conn_options=impatient) as second:
                for frame in frames():
                    await second.send_frame(frame)
                second.end_input()
                while not stt.statistics().waiting:
                    await anyio.sleep(0.01)
                await anyio.sleep(1.5)  # longer than its `timeout`
                assert stt.statistics().waiting == 1
                first.end_input()
                events = [event async for event in second]

    assert finals(events) == [FIRST, SECOND]
    assert "waits for a worker" in caplog.text


@pytest.mark.heavy
async def test_the_wait_for_a_worker_has_a_deadline() -> None:
    options = PocketSphinxOptions(interim_results=False, turn_timeout=0.5)
    with anyio.fail_after(30):
        async with PocketSphinxSTT(options, max_workers=1) as stt, stt.stream() as first:
            first.push_frame(silence(0.1))
            await heard_so_far(first)
            with pytest.raises(APITimeoutError, match=r"turn_timeout=0\.5"):
                await wait_in_vain(stt)


async def wait_in_vain(stt: PocketSphinxSTT) -> None:
    async with stt.stream() as stream:
        async for _ in stream:
            pass


@pytest.mark.heavy
async def test_the_event_loop_goes_on_while_speech_is_recognised() -> None:
    with anyio.fail_after(30):
        async with PocketSphinxSTT() as stt, watched() as pauses:
            events = await transcribe(stt, frames())

    assert finals(events) == [FIRST, SECOND]
    assert max(pauses) < LONG_PAUSE


@asynccontextmanager
async def watched() -> AsyncIterator[list[float]]:
    """Note how late the event loop is, every 5 ms."""
    pauses = [0.0]

    async def watch() -> None:
        while True:
            before = anyio.current_time()
            await anyio.sleep(0.005)
            pauses.append(anyio.current_time() - before - 0.005)

    async with anyio.create_task_group() as task_group:
        task_group.start_soon(watch)
        yield pauses
        task_group.cancel_scope.cancel()


@pytest.mark.heavy
async def test_each_second_is_measured_once() -> None:
    measured: list[STTMetrics] = []
    with anyio.fail_after(30):
        async with PocketSphinxSTT(NO_GUESSES) as stt:
            stt.on("metrics_collected", measured.append)
            await transcribe(stt, frames())

    assert sum(metrics.audio_duration for metrics in measured) == pytest.approx(5.9, abs=0.01)
