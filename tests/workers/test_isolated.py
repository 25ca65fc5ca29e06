"""Streams that worker processes recognise: killed, used again, waited for."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator, Sequence
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
from anyio_stt.events import SpeechEvent, SpeechEventType
from anyio_stt.stream import RecognizeStream
from anyio_stt.testing import assert_no_leaks, cut, silence
from tests.workers.engines import IsolatedSTT, kill_workers, loud, running_workers

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(sys.platform != "linux", reason="finds its processes in /proc"),
]
QUICK = APIConnectOptions(retry_interval=0.05)
# Two utterances of 1.5 and 3 s.
AUDIO = [
    frame
    for part in (silence(0.5), loud(1.5), silence(1.0), loud(3.0), silence(1.0))
    for frame in cut(part, 0.1)
]


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    await anyio.run_process([sys.executable, "-c", ""])  # uvloop keeps /dev/null from then on
    with anyio.fail_after(30):
        async with assert_no_leaks():
            yield


async def transcribe(
    stt: IsolatedSTT, audio: Sequence[AudioFrame], options: APIConnectOptions = QUICK
) -> list[str]:
    async with stt.stream(conn_options=options) as stream, anyio.create_task_group() as tg:
        tg.start_soon(stream.feed, audio)
        events = [event async for event in stream]
    return finals(events)


def finals(events: list[SpeechEvent]) -> list[str]:
    final = SpeechEventType.FINAL_TRANSCRIPT
    return [event.alternatives[0].text for event in events if event.type is final]


async def heard_so_far(stream: RecognizeStream) -> None:
    while stream.statistics().pending > 0.1 or not running_workers():
        await anyio.sleep(0.005)


@pytest.mark.contract("S16")
async def test_a_worker_killed_three_times_costs_no_stretch_of_speech() -> None:
    errors: list[STTError] = []
    killed = 0
    async with nothing_left(), IsolatedSTT(1) as stt:
        undisturbed = await transcribe(stt, AUDIO)
        stt.on("error", errors.append)
        async with stt.stream(conn_options=QUICK) as stream:
            for number, frame in enumerate(AUDIO, 1):
                await stream.send_frame(frame)
                if number in (12, 24, 50):  # amid the first utterance, behind it, in the second
                    await heard_so_far(stream)
                    killed += kill_workers()
            stream.end_input()
            events = [event async for event in stream]

    assert killed == len(errors) == 3
    assert all("SIGKILL" in str(error.error) and error.recoverable for error in errors)
    assert finals(events) == undisturbed
    assert len(undisturbed) == 2
    assert stream.statistics().dropped == 0


@pytest.mark.contract("S15")
async def test_a_dead_worker_fails_the_stream_when_retries_are_forbidden() -> None:
    async with nothing_left(), IsolatedSTT() as stt:
        with pytest.raises(APIConnectionError, match=r"a fake worker .* exit code -9 \(SIGKILL\)"):
            await lose_a_worker(stt)


async def lose_a_worker(stt: IsolatedSTT) -> None:
    async with stt.stream(conn_options=APIConnectOptions(max_retry=0)) as stream:
        stream.push_frame(loud(1.0))
        await heard_so_far(stream)
        kill_workers()
        async for _ in stream:
            pass


@pytest.mark.contract("S2")
async def test_leaving_the_block_while_it_recognises_leaves_no_process() -> None:
    async with nothing_left(), IsolatedSTT() as stt, stt.stream() as stream:
        stream.push_frame(loud(1.0))
        await heard_so_far(stream)
        assert len(running_workers()) == 1


@pytest.mark.contract("S2")
async def test_without_its_block_an_engine_leaves_no_process_behind_a_stream() -> None:
    stt = IsolatedSTT()
    async with nothing_left():
        assert len(await transcribe(stt, AUDIO)) == 2
        assert running_workers() == []


@pytest.mark.contract("S4")
async def test_closing_the_engine_ends_its_idle_workers() -> None:
    async with nothing_left(), IsolatedSTT() as stt:
        await transcribe(stt, AUDIO)
        assert len(running_workers()) == stt.statistics().idle == 1
        await stt.aclose()
        assert running_workers() == []


async def test_a_worker_is_used_again_and_one_that_died_while_idle_is_replaced() -> None:
    async with nothing_left(), IsolatedSTT() as stt:
        heard = [await transcribe(stt, AUDIO) for _ in range(2)]
        assert stt.statistics().started == 1
        kill_workers()
        heard.append(await transcribe(stt, AUDIO, APIConnectOptions(max_retry=0)))
        assert stt.statistics().started == 2
    assert heard[0] == heard[1] == heard[2]


async def test_a_stream_beyond_the_workers_waits_its_turn_says_so_and_loses_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "anyio_stt")
    impatient = APIConnectOptions(max_retry=0, timeout=0.2)
    async with nothing_left(), IsolatedSTT(1) as stt, stt.stream() as first:
        first.push_frame(silence(0.1))
        await heard_so_far(first)
        async with stt.stream(conn_options=impatient) as second:
            for frame in AUDIO:
                second.push_frame(frame)
            second.end_input()
            while not stt.statistics().waiting:
                await anyio.sleep(0.005)
            await anyio.sleep(0.4)  # longer than its `timeout`
            assert stt.statistics().waiting == 1
            first.end_input()
            events = [event async for event in second]

    assert len(finals(events)) == 2
    assert "waits for a worker" in caplog.text


async def test_the_wait_for_a_worker_has_a_deadline() -> None:
    async with nothing_left(), IsolatedSTT(1, turn_timeout=0.2) as stt, stt.stream() as first:
        first.push_frame(silence(0.1))
        await heard_so_far(first)
        with pytest.raises(APITimeoutError, match=r"turn_timeout=0\.2"):
            await wait_in_vain(stt)


async def wait_in_vain(stt: IsolatedSTT) -> None:
    async with stt.stream() as stream:
        async for _ in stream:
            pass


async def test_each_second_is_measured_once() -> None:
    measured: list[STTMetrics] = []
    async with nothing_left(), IsolatedSTT() as stt:
        stt.on("metrics_collected", measured.append)
        await transcribe(stt, AUDIO)
    assert sum(metrics.audio_duration for metrics in measured) == pytest.approx(7.0, abs=0.01)
