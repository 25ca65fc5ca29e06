"""Voice activity: one skeleton with recognition, and segments that keep every sample."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import anyio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import (
    VAD,
    AudioFrame,
    InputEndedError,
    StreamClosedError,
    VADCapabilities,
    VADEvent,
    VADEventType,
    VADMetrics,
    VADOptions,
    VADStream,
    WindowedVADStream,
    WorkerThreads,
    combine_frames,
)
from anyio_stt._voice.segments import VoiceSegments
from anyio_stt.testing import cut, noise, silence, tone

START, DONE, END = (
    VADEventType.START_OF_SPEECH,
    VADEventType.INFERENCE_DONE,
    VADEventType.END_OF_SPEECH,
)
OPTIONS = VADOptions(
    min_speech_duration=0.05, min_silence_duration=0.2, prefix_padding_duration=0.1
)


class LoudVAD(VAD):
    """Takes for speech what is loud."""

    def __init__(self, options: VADOptions = OPTIONS) -> None:
        super().__init__(capabilities=VADCapabilities(update_interval=0.01))
        self.options = options

    def stream(self) -> VADStream:
        return LoudStream(self, self.options, sample_rate=16000, window=160)


class LoudStream(WindowedVADStream):
    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        return [float(np.abs(window.to_array()).max() > 1000) for window in windows]


class ThreadedVAD(LoudVAD):
    """The same in a thread, many windows at a time when many wait."""

    def __init__(self, behind: int) -> None:
        super().__init__()
        self.behind = behind
        self.worker = WorkerThreads(1)
        self.sizes: list[int] = []
        self.threads: set[int] = set()

    def stream(self) -> VADStream:
        form = {"sample_rate": 16000, "window": 160, "batch": 2, "behind": self.behind}
        return ThreadedStream(self, self.options, **form)


class ThreadedStream(WindowedVADStream):
    _vad: ThreadedVAD

    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        return await self._vad.worker.run(self._compute, windows)

    def _compute(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        self._vad.threads.add(threading.get_ident())
        self._vad.sizes.append(len(windows))
        return [float(np.abs(window.to_array()).max() > 1000) for window in windows]


class FailingVAD(LoudVAD):
    def stream(self) -> VADStream:
        return FailingStream(self)


class FailingStream(VADStream):
    async def _run(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._fail)

    async def _fail(self) -> None:
        raise ZeroDivisionError("the detector is broken")


async def events_of(vad: VAD, frames: Sequence[AudioFrame]) -> list[VADEvent]:
    events = []
    with anyio.fail_after(5):
        async with vad.stream() as stream, anyio.create_task_group() as tasks:
            tasks.start_soon(stream.feed, frames)
            events = [event async for event in stream]
    return events


def edges(events: Sequence[VADEvent]) -> list[tuple[VADEventType, Any]]:
    return [(event.type, event.timestamp) for event in events if event.type is not DONE]


async def test_speech_between_silences_begins_and_ends_once() -> None:
    events = await events_of(LoudVAD(), [silence(0.5), tone(0.5), silence(0.5)])

    assert edges(events) == [(START, pytest.approx(0.55)), (END, pytest.approx(1.2))]
    start, end = (event for event in events if event.type is not DONE)
    assert start.timestamp - start.speech_duration == pytest.approx(0.5)
    assert end.timestamp - end.silence_duration == pytest.approx(1.0)
    assert end.speech_duration == pytest.approx(0.5)
    assert (start.speaking, end.speaking) == (True, False)


async def test_the_frames_of_an_end_begin_with_the_padding_before_the_onset_to_the_sample() -> None:
    audio = combine_frames([silence(0.5), noise(0.5), silence(0.5)])

    for seconds in (0.013, 0.1, 1.5):
        events = await events_of(LoudVAD(), cut(audio, seconds))

        (end,) = (event for event in events if event.type is END)
        assert combine_frames(end.frames) == audio.slice(6400, end.samples_index)


async def test_a_marker_ends_the_open_segment_at_once() -> None:
    events = []
    with anyio.fail_after(5):
        async with LoudVAD().stream() as stream:
            stream.push_frame(tone(0.305))
            stream.flush()
            async for event in stream:
                events.append(event)
                if event.type is END:
                    break
            stream.push_frame(silence(0.1))
            stream.end_input()
            events += [event async for event in stream]

    assert edges(events) == [(START, pytest.approx(0.05)), (END, pytest.approx(0.305))]


@pytest.mark.real_time
async def test_a_detector_that_is_behind_is_given_much_at_once_in_a_thread() -> None:
    frames = cut(combine_frames([silence(0.505), tone(1.0), silence(0.5)]), 0.03)
    here = await events_of(LoudVAD(), frames)
    for behind in (1, 10):
        vad = ThreadedVAD(behind)

        with anyio.fail_after(5):
            async with vad.stream() as stream:
                for frame in frames:
                    stream.push_frame(frame)
                stream.end_input()
                there = [event async for event in stream]

        assert edges(there) == edges(here)
        assert combine_frames(there[-1].frames) == combine_frames(here[-1].frames)
        assert sum(vad.sizes) == 200
        assert max(vad.sizes) == 2 * behind
        assert threading.get_ident() not in vad.threads


def test_a_detector_serves_one_event_loop_after_the_other() -> None:
    vad = ThreadedVAD(1)
    for backend in ("asyncio", "trio", "asyncio"):
        assert edges(anyio.run(events_of, vad, [tone(0.3)], backend=backend))


def test_a_detector_serves_event_loops_in_several_threads() -> None:
    vad, heard = ThreadedVAD(1), []

    def run() -> None:
        heard.append(edges(anyio.run(events_of, vad, [tone(0.3)])))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(heard) == 4
    assert all(each == heard[0] for each in heard)


@pytest.mark.real_time
async def test_a_marker_is_heard_where_it_stands_however_much_waits_behind_it() -> None:
    vad = ThreadedVAD(50)
    with anyio.fail_after(5):
        async with vad.stream() as stream:
            for _ in range(2):
                stream.push_frame(tone(0.305))
                stream.flush()
            stream.end_input()
            events = [event async for event in stream]

    assert [time for kind, time in edges(events) if kind is END] == [
        pytest.approx(0.305),
        pytest.approx(0.61),
    ]


async def test_the_end_of_the_input_ends_the_open_segment() -> None:
    events = await events_of(LoudVAD(), [tone(0.3)])

    assert edges(events)[-1] == (END, pytest.approx(0.3))


async def test_audio_of_another_rate_and_two_channels_keeps_its_clock() -> None:
    frames = [
        silence(1, sample_rate=48000, num_channels=2),
        tone(1, sample_rate=48000, num_channels=2),
        silence(1, sample_rate=48000, num_channels=2),
    ]

    events = await events_of(LoudVAD(), frames)

    (start,) = (event for event in events if event.type is START)
    assert start.timestamp - start.speech_duration == pytest.approx(1, abs=0.02)


async def test_an_unread_judgement_is_replaced_and_no_edge_is_lost() -> None:
    with anyio.fail_after(5):
        async with LoudVAD().stream() as stream:
            for _ in range(10):
                stream.push_frame(silence(0.5))
                stream.push_frame(tone(0.5))
            stream.end_input()
            await anyio.sleep(1)
            events = [event async for event in stream]

    assert [event.type for event in events if event.type is not DONE] == [START, END] * 10
    assert len(events) < 50


async def test_speech_without_a_pause_is_cut_and_no_sample_is_lost() -> None:
    audio = combine_frames([silence(0.5), noise(3.0)])
    options = VADOptions(prefix_padding_duration=0.1, max_buffered_speech=1.0)

    events = await events_of(LoudVAD(options), [audio])

    segments = [combine_frames(event.frames) for event in events if event.type is END]
    assert len(segments) > 2
    assert all(segment.duration <= 1.0 for segment in segments)
    assert combine_frames(segments) == audio.slice(6400)


async def test_the_failure_of_a_detector_is_raised_unwrapped_once() -> None:
    with anyio.fail_after(5):
        async with FailingVAD().stream() as stream:
            with pytest.raises(ZeroDivisionError, match="broken"):
                await stream.__anext__()
            with pytest.raises(StopAsyncIteration):
                await stream.__anext__()


async def test_input_after_its_end_is_refused() -> None:
    async with LoudVAD().stream() as stream:
        stream.end_input()
        with pytest.raises(InputEndedError):
            stream.push_frame(silence(0.1))


async def test_a_stream_that_was_not_started_says_how_to_start_it() -> None:
    with pytest.raises(StreamClosedError, match="async with"):
        LoudVAD().stream().push_frame(silence(0.1))


async def test_aclose_ends_the_iteration_of_another_task() -> None:
    async def iterate() -> None:
        async for _ in stream:
            pass

    with anyio.fail_after(5):
        async with LoudVAD().stream() as stream, anyio.create_task_group() as tasks:
            tasks.start_soon(iterate)
            await anyio.sleep(1)
            await stream.aclose()


async def test_anything_but_a_vad_event_is_refused() -> None:
    async with LoudVAD().stream() as stream:
        with pytest.raises(TypeError, match="VADEvents, got str"):
            stream._event_ch.send_nowait("speech")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"activation_threshold": 1.5}, "activation_threshold must be from 0 to 1, got 1.5"),
        ({"min_silence_duration": -1}, "min_silence_duration must be 0 or more, got -1"),
        ({"max_buffered_speech": 0.2}, "max_buffered_speech must be more than .* got 0.2"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VADOptions(**options)


@given(
    judgements=st.lists(st.sampled_from([0.0, 0.4, 1.0]), max_size=80),
    flushes=st.sets(st.integers(0, 80)),
    padding=st.sampled_from([0.0, 0.025, 0.1]),
)
def test_segments_never_overlap_and_hold_what_was_pushed(
    judgements: list[float], flushes: set[int], padding: float
) -> None:
    options = VADOptions(
        min_speech_duration=0.02,
        min_silence_duration=0.03,
        prefix_padding_duration=padding,
        max_buffered_speech=0.25,
    )
    segments = VoiceSegments(options, 1000)
    audio = noise(0.9, sample_rate=1000)
    events: list[VADEvent] = []
    for index, judgement in enumerate(judgements):
        events += segments.push(audio.slice(10 * index, 10 * index + 10), judgement)
        if index in flushes:
            events += segments.flush()

    before = 0
    kinds = [event.type for event in events if event.type is not DONE]
    assert kinds == [START, END] * (len(kinds) // 2) + [START] * (len(kinds) % 2)
    for event in events:
        if event.type is END:
            begin = event.samples_index - sum(f.samples_per_channel for f in event.frames)
            assert begin >= before
            assert combine_frames(event.frames) == audio.slice(begin, event.samples_index)
            before = event.samples_index


async def test_listeners_are_told_what_each_second_of_audio_took_to_judge() -> None:
    vad = LoudVAD()
    told: list[VADMetrics] = []
    vad.on("metrics_collected", told.append)

    await events_of(vad, cut(combine_frames([tone(1.5), silence(2)]), 0.1))

    assert [each.inference_count for each in told] == [100, 100, 100]
    assert {each.label for each in told} == {vad.label}
    assert all(each.inference_duration_total >= 0 and each.idle_time >= 0 for each in told)


async def test_idle_time_counts_from_when_speech_last_began_or_ended() -> None:
    vad = LoudVAD()
    told: list[VADMetrics] = []
    vad.on("metrics_collected", told.append)

    with anyio.fail_after(60):
        async with vad.stream() as stream:
            for frame in cut(combine_frames([tone(1), silence(4)]), 0.1):
                await anyio.sleep(0.1)
                await stream.send_frame(frame)
            stream.end_input()
            async for _ in stream:
                pass

    assert [each.idle_time for each in told] == pytest.approx([0.9, 0.8, 1.8, 2.8, 3.8], abs=0.11)


async def test_a_listener_of_metrics_that_raises_does_not_end_the_stream() -> None:
    vad = LoudVAD()
    vad.on("metrics_collected", lambda _: 1 / 0)

    events = await events_of(vad, [tone(2)])

    assert edges(events)[-1][0] is END
