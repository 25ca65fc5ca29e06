"""S6 to S10: what is pushed is what the engine reads, in order, once, bounded."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import anyio
import numpy as np
import pytest

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    AudioFrame,
    InputEndedError,
    RecognizeStream,
    StreamClosedError,
    StreamFullError,
    STTCapabilities,
    combine_frames,
)
from anyio_stt.audio import mix_down
from anyio_stt.testing import (
    Delay,
    Fail,
    Hang,
    Hear,
    HearAll,
    HearMarker,
    Say,
    ScriptedSTT,
    cut,
    cut_randomly,
    final,
    noise,
    silence,
    tone,
)

pytestmark = pytest.mark.any_clock

AUDIO = noise(1.0, seed=3)
FRAME = silence(0.1)


def bounded(seconds: float, **others: Any) -> APIConnectOptions:
    return APIConnectOptions(max_pending_audio=seconds, **others)


async def drain(stream: RecognizeStream) -> None:
    async for _ in stream:
        pass


# ---- S6


@pytest.mark.contract("S6")
@pytest.mark.parametrize("seed", range(5))
async def test_an_engine_reads_what_was_pushed_in_order_and_once(seed: int) -> None:
    rng = random.Random(seed)
    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for frame in cut_randomly(AUDIO, rng, pieces=30):
                if rng.random() < 0.5:
                    stream.push_frame(frame)
                else:
                    await stream.send_frame(frame)
                if rng.random() < 0.2:
                    stream.flush()
            stream.end_input()
            await drain(stream)
    assert stt.heard[0].audio == AUDIO.pcm


@pytest.mark.contract("S6")
async def test_push_frame_is_synchronous_and_lets_nothing_run() -> None:
    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for frame in cut(AUDIO, 0.001):
                stream.push_frame(frame)
            assert sum(heard.seconds for heard in stt.heard) == 0  # it had no chance to run
            assert stream.statistics().pending == pytest.approx(1.0)


@pytest.mark.contract("S6", "S7")
async def test_send_frame_waits_for_room_and_keeps_the_order() -> None:
    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with stt.stream(conn_options=bounded(0.1)) as stream:
            for frame in cut(AUDIO, 0.03):
                await stream.send_frame(frame)
                assert stream.statistics().pending <= 0.1
            stream.end_input()
            await drain(stream)
    assert stt.heard[0].audio == AUDIO.pcm


@pytest.mark.contract("S6")
async def test_several_senders_that_wait_all_get_through() -> None:
    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with stt.stream(conn_options=bounded(0.1)) as stream:
            async with anyio.create_task_group() as tg:
                for _ in range(20):
                    tg.start_soon(stream.send_frame, FRAME)
            stream.end_input()
            await drain(stream)
    assert stt.heard[0].seconds == pytest.approx(2.0)


@pytest.mark.contract("S6", "S19")
async def test_a_cancelled_send_frame_has_taken_nothing() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT([Hang()]).stream(conn_options=bounded(0.1)) as stream:
            await stream.send_frame(FRAME)
            with anyio.move_on_after(0.01) as scope:
                await stream.send_frame(FRAME)
            assert scope.cancelled_caught
            assert stream.statistics().pushed == pytest.approx(0.1)


@pytest.mark.contract("S6")
async def test_send_frame_is_always_a_checkpoint() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT().stream() as stream:
            with anyio.CancelScope() as scope:
                scope.cancel()
                await stream.send_frame(FRAME)
            assert scope.cancelled_caught
            assert stream.statistics().pushed == 0


@pytest.mark.contract("S6")
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_feed_pushes_everything_and_ends_the_input(asynchronous: bool) -> None:
    async def frames() -> AsyncIterator[AudioFrame]:
        for frame in cut(AUDIO, 0.07):
            yield frame

    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with stt.stream(conn_options=bounded(0.2)) as stream:
            await stream.feed(frames() if asynchronous else cut(AUDIO, 0.07))
            await drain(stream)
    assert stt.heard[0].audio == AUDIO.pcm
    assert stt.heard[0].ended


@pytest.mark.contract("S6", "S7")
async def test_feed_cuts_a_frame_that_is_longer_than_what_may_wait() -> None:
    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with stt.stream(conn_options=bounded(0.15)) as stream:
            await stream.feed([AUDIO])
            await drain(stream)
    assert stt.heard[0].audio == AUDIO.pcm


@pytest.mark.contract("S6", "S7")
@pytest.mark.parametrize("limit", [0.009, 0.018, 0.03, 0.072, 0.1, 0.3])
@pytest.mark.parametrize("rates", [(8000, 24000), (44100, 16000), (48000, 16000), (8000, 44100)])
async def test_feed_gets_through_at_any_pair_of_rates_and_any_bound(
    limit: float, rates: tuple[int, int]
) -> None:
    given, wanted = rates
    stt = ScriptedSTT(sample_rate=wanted)
    with anyio.fail_after(5):
        async with stt.stream(conn_options=bounded(limit)) as stream:
            await stream.feed([noise(0.5, sample_rate=given)])
            await drain(stream)
    assert stt.heard[0].seconds == pytest.approx(0.5, abs=1 / wanted)


@pytest.mark.contract("S6")
async def test_feed_ends_quietly_when_the_stream_ends_first() -> None:
    options = APIConnectOptions(max_pending_audio=0.2, max_retry=0)
    with anyio.fail_after(5), pytest.raises(APIConnectionError, match="returned before"):
        async with ScriptedSTT([Hear(0.2)]).stream(conn_options=options) as stream:
            await stream.feed([FRAME] * 100)
            assert stream.statistics().state == "failed"


async def close_soon(stream: RecognizeStream) -> None:
    await anyio.wait_all_tasks_blocked()
    await stream.aclose()


@pytest.mark.contract("S6")
async def test_a_sender_that_waits_is_told_when_the_stream_closes() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT([Hang()]).stream(conn_options=bounded(0.1)) as stream:
            stream.push_frame(FRAME)
            async with anyio.create_task_group() as tg:
                tg.start_soon(close_soon, stream)
                with pytest.raises(StreamClosedError, match="is closed"):
                    await stream.send_frame(FRAME)


@pytest.mark.contract("S6")
async def test_frames_of_another_library_can_be_pushed() -> None:
    foreign = SimpleNamespace(
        data=memoryview(bytearray(AUDIO.data)).cast("h"),
        sample_rate=16000,
        num_channels=1,
        samples_per_channel=16000,
    )
    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            stream.push_frame(foreign)
            foreign.data[:] = memoryview(bytes(32000)).cast("h")  # the owner uses it again
            with pytest.raises(TypeError, match="bytes"):
                stream.push_frame(b"raw")  # type: ignore[arg-type]
            stream.end_input()
            await drain(stream)
    assert stt.heard[0].audio == AUDIO.pcm


# ---- S7


@pytest.mark.contract("S7")
async def test_a_full_stream_refuses_a_frame_and_takes_nothing() -> None:
    stt = ScriptedSTT([Hear(0.1), Delay(0.01), HearAll()])
    with anyio.fail_after(5):
        async with stt.stream(conn_options=bounded(0.25)) as stream:
            stream.push_frame(FRAME)
            stream.push_frame(FRAME)
            before = stream.statistics()
            with pytest.raises(
                StreamFullError, match=r"0\.200 s of audio wait .*max_pending_audio=0\.25 s.*send_"
            ):
                stream.push_frame(FRAME)
            assert stream.statistics() == before
            stream.push_frame(FRAME.slice(0, 800))  # a shorter one still fits
            stream.end_input()
            await drain(stream)
    assert stt.heard[0].seconds == pytest.approx(0.25)


@pytest.mark.contract("S7")
async def test_stream_full_is_anyios_would_block() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT([Hang()]).stream(conn_options=bounded(0.1)) as stream:
            stream.push_frame(FRAME)
            with pytest.raises(anyio.WouldBlock):
                stream.push_frame(FRAME)


@pytest.mark.contract("S7")
async def test_flush_and_end_input_succeed_however_full_the_stream_is() -> None:
    stt = ScriptedSTT([Delay(0.001), HearAll()])
    with anyio.fail_after(5):
        async with stt.stream(conn_options=bounded(0.1)) as stream:
            stream.push_frame(FRAME)
            stream.flush()
            stream.end_input()
            await drain(stream)
    assert stt.heard[0].markers == [pytest.approx(0.1)]


@pytest.mark.contract("S7")
async def test_a_frame_longer_than_the_bound_is_refused_for_good() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT().stream(conn_options=bounded(0.05)) as stream:
            with pytest.raises(ValueError, match=r"0\.100 s.*max_pending_audio=0\.05 s.*cut it"):
                stream.push_frame(FRAME)
            with pytest.raises(ValueError, match="cut it"):
                await stream.send_frame(FRAME)
            assert stream.statistics().pushed == 0
            stream.push_frame(silence(0.05, sample_rate=8000))  # nothing was fixed by it


@pytest.mark.contract("S7")
async def test_audio_that_was_read_makes_room_while_replayed_audio_takes_none() -> None:
    stt = ScriptedSTT([Hear(0.2), Fail(APIConnectionError("lost", retry_after=0))], [HearAll()])
    with anyio.fail_after(5):
        async with stt.stream(conn_options=bounded(0.2)) as stream:
            stream.push_frame(FRAME)
            stream.push_frame(FRAME)
            while stream.statistics().attempt < 2:
                await anyio.sleep(0.001)
            stream.push_frame(FRAME)
            stream.push_frame(FRAME)
            with pytest.raises(StreamFullError):
                stream.push_frame(FRAME)
            stream.end_input()
            await drain(stream)
    assert stt.heard[1].seconds == pytest.approx(0.4)


@pytest.mark.contract("S7")
def test_the_bound_has_a_default() -> None:
    assert APIConnectOptions().max_pending_audio == 60


@pytest.mark.contract("S7")
async def test_the_bound_holds_for_the_default_to_the_sample() -> None:
    minute = silence(60.0)
    with anyio.fail_after(5):
        async with ScriptedSTT([Hang()]).stream() as stream:
            stream.push_frame(minute)
            with pytest.raises(StreamFullError):
                stream.push_frame(minute.slice(0, 1))
            assert stream.statistics().peak_pending == 60


# ---- S8


@pytest.mark.contract("S8")
@pytest.mark.parametrize("first", [FRAME, silence(0.1, num_channels=2), FRAME.slice(0, 0)])
@pytest.mark.parametrize("sample_rate", [None, 8000])
async def test_the_first_frame_fixes_rate_and_channels(
    first: AudioFrame, sample_rate: int | None
) -> None:
    wrong_rate = silence(0.1, sample_rate=24000, num_channels=first.num_channels)
    wrong_channels = silence(0.1, num_channels=3 - first.num_channels)
    stt = ScriptedSTT(sample_rate=sample_rate)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            stream.push_frame(first)
            pushed = stream.statistics().pushed
            for wrong in (wrong_rate, wrong_channels, wrong_rate.slice(0, 0)):
                with pytest.raises(ValueError, match="a stream takes one format: it began with"):
                    stream.push_frame(wrong)
                with pytest.raises(ValueError, match="open another stream"):
                    await stream.send_frame(wrong)
            stream.flush()
            with pytest.raises(ValueError, match="one format"):
                stream.push_frame(wrong_channels)
            assert stream.statistics().pushed == pushed
            stream.push_frame(first)
            stream.end_input()
            await drain(stream)
    assert stt.heard[0].seconds == pytest.approx(2 * first.duration)


@pytest.mark.contract("S8")
@pytest.mark.parametrize("chunk", [0.01, 0.037, 1.0])
@pytest.mark.parametrize("rate", [8000, 44100, 48000])
async def test_resampling_keeps_length_level_and_channels_for_any_chunking(
    chunk: float, rate: int
) -> None:
    left = tone(1.0, 440.0, sample_rate=rate, level=0.5).to_array()
    stereo = AudioFrame.from_array(np.stack([left, np.zeros_like(left)], axis=1), rate)
    stt = ScriptedSTT(sample_rate=16000)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for frame in cut(stereo, chunk):
                stream.push_frame(frame)
            stream.end_input()
            await drain(stream)
    heard = combine_frames(stt.heard[0].frames)
    assert (heard.sample_rate, heard.num_channels) == (16000, 2)
    assert heard.samples_per_channel == 16000
    samples = heard.to_array().astype(float) / 32768
    level = np.sqrt(np.mean(samples[1600:-1600] ** 2, axis=0))
    assert level[0] == pytest.approx(0.5 / np.sqrt(2), rel=0.01)
    assert level[1] == 0
    assert stream.statistics().pushed == pytest.approx(1.0)


@pytest.mark.contract("S8")
async def test_silence_in_is_silence_out() -> None:
    stt = ScriptedSTT(sample_rate=16000)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for frame in cut(silence(1.0, sample_rate=44100, num_channels=2), 0.013):
                stream.push_frame(frame)
            stream.end_input()
            await drain(stream)
    assert stt.heard[0].audio == bytes(4 * 16000)


@pytest.mark.contract("S8")
@pytest.mark.parametrize("rate", [16000, 44100])
async def test_channels_are_mixed_down_for_an_engine_that_takes_one(rate: int) -> None:
    declared = STTCapabilities(
        streaming=True, interim_results=False, sample_rate=16000, num_channels=1
    )
    stt = ScriptedSTT(capabilities=declared)
    audio = noise(1.0, sample_rate=rate, num_channels=2)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for frame in cut(audio, 0.02):
                stream.push_frame(frame)
            with pytest.raises(ValueError, match=r"began with \d+ Hz and 2 channel"):
                stream.push_frame(noise(0.1, sample_rate=rate))
            stream.end_input()
            await drain(stream)
            assert stream.statistics().pushed == pytest.approx(1.0)
    heard = stt.heard[0]
    assert {(frame.sample_rate, frame.num_channels) for frame in heard.frames} == {(16000, 1)}
    if rate == 16000:
        assert heard.audio == mix_down(audio).pcm


@pytest.mark.contract("S8")
async def test_channels_that_cannot_be_made_up_are_refused_and_change_nothing() -> None:
    declared = STTCapabilities(streaming=True, interim_results=False, num_channels=2)
    stt = ScriptedSTT(capabilities=declared)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            with pytest.raises(ValueError, match="takes 2 channels, the audio has 1"):
                stream.push_frame(FRAME)
            stream.push_frame(silence(0.1, num_channels=2))
            stream.end_input()
            await drain(stream)
    assert [frame.num_channels for frame in stt.heard[0].frames] == [2]


# ---- S9


@pytest.mark.contract("S9")
async def test_a_marker_stands_after_all_audio_pushed_before_it() -> None:
    stt = ScriptedSTT(sample_rate=16000)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for _ in range(3):
                stream.push_frame(silence(0.1, sample_rate=48000))
                stream.flush()
            stream.end_input()
            await drain(stream)
    # the resampler's tail is before the marker, or these would be less
    assert stt.heard[0].markers == [pytest.approx(each) for each in (0.1, 0.2, 0.3)]


@pytest.mark.contract("S9")
@pytest.mark.parametrize("sample_rate", [None, 8000])
@pytest.mark.parametrize("frame_duration", [None, 0.03])
async def test_a_flush_with_nothing_since_the_last_marker_adds_none(
    sample_rate: int | None, frame_duration: float | None
) -> None:
    stt = ScriptedSTT(sample_rate=sample_rate, frame_duration=frame_duration)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            stream.push_frame(FRAME)
            for _ in range(3):
                stream.flush()
                stream.push_frame(FRAME.slice(0, 0))
            await anyio.wait_all_tasks_blocked()
            stream.flush()
            stream.push_frame(FRAME)
            stream.end_input()
            await drain(stream)
    assert stt.heard[0].markers == [pytest.approx(0.1), pytest.approx(0.2)]


@pytest.mark.contract("S9")
@pytest.mark.parametrize("sample_rate", [None, 8000, 44100])
@pytest.mark.parametrize("frame_duration", [None, 0.03])
async def test_no_engine_ever_reads_an_empty_frame(
    sample_rate: int | None, frame_duration: float | None
) -> None:
    stt = ScriptedSTT(sample_rate=sample_rate, frame_duration=frame_duration)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            stream.push_frame(FRAME.slice(0, 0))
            for frame in cut_randomly(AUDIO, random.Random(1), 40):
                stream.push_frame(frame)
                stream.push_frame(FRAME.slice(0, 0))
                stream.flush()
            stream.push_frame(FRAME.slice(0, 1))
            stream.end_input()
            await drain(stream)
    assert all(frame.samples_per_channel for frame in stt.heard[0].frames)


@pytest.mark.contract("S9")
async def test_end_input_flushes_and_a_second_one_or_a_push_is_refused() -> None:
    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            stream.push_frame(FRAME)
            stream.end_input()
            for late in (
                stream.end_input,
                stream.flush,
                lambda: stream.push_frame(FRAME),
            ):
                with pytest.raises(InputEndedError, match=r"after end_input\(\)"):
                    late()
            with pytest.raises(InputEndedError):
                await stream.send_frame(FRAME)
            await drain(stream)
            with pytest.raises(InputEndedError):
                stream.end_input()
    assert stt.heard[0].markers == [pytest.approx(0.1)]


@pytest.mark.contract("S9")
async def test_markers_are_replayed_in_their_places() -> None:
    stt = ScriptedSTT(
        [HearMarker(), HearMarker(), Fail(APIConnectionError("lost", retry_after=0))], [HearAll()]
    )
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for _ in range(3):
                stream.push_frame(FRAME)
                stream.flush()
            stream.end_input()
            await drain(stream)
    assert stt.heard[1].markers == [pytest.approx(each) for each in (0.1, 0.2, 0.3)]


# ---- S10


@pytest.mark.contract("S10")
@pytest.mark.parametrize("pushed", [0.007, 0.02, 0.1, 0.25, 1.0])
async def test_an_engine_that_asks_for_frames_of_one_length_gets_them(pushed: float) -> None:
    stt = ScriptedSTT(frame_duration=0.06)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for frame in cut(AUDIO, pushed):
                stream.push_frame(frame)
            stream.end_input()
            await drain(stream)
    heard = stt.heard[0]
    assert heard.audio == AUDIO.pcm
    assert {frame.samples_per_channel for frame in heard.frames[:-1]} == {960}
    assert heard.frames[-1].samples_per_channel == 16000 % 960


@pytest.mark.contract("S10")
async def test_a_marker_brings_the_rest_of_a_frame() -> None:
    stt = ScriptedSTT(frame_duration=0.06)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            stream.push_frame(FRAME)
            stream.flush()
            stream.push_frame(FRAME)
            stream.end_input()
            await drain(stream)
    sizes = [frame.samples_per_channel for frame in stt.heard[0].frames]
    assert sizes == [960, 640, 960, 640]


@pytest.mark.contract("S10", "S16")
async def test_a_replay_that_begins_inside_a_frame_is_cut_anew() -> None:
    stt = ScriptedSTT(
        [
            Hear(0.36),
            Say(final("a", end=0.1)),
            Delay(0.001),
            Fail(APIConnectionError("lost", retry_after=0)),
        ],
        [HearAll()],
        frame_duration=0.06,
    )
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            stream.push_frame(AUDIO.slice(0, 9000))  # the last 360 samples wait in the cutter
            while stream.statistics().attempt < 2:
                await anyio.sleep(0.001)
            stream.push_frame(AUDIO.slice(9000))
            stream.end_input()
            await drain(stream)
    heard = stt.heard[1]
    assert heard.audio == AUDIO.slice(1600).pcm
    assert {frame.samples_per_channel for frame in heard.frames[:-1]} == {960}


@pytest.mark.contract("S10", "S9", "S16")
async def test_a_replay_in_fixed_frames_keeps_the_rests_before_its_markers() -> None:
    stt = ScriptedSTT(
        [HearAll(), Say(final("a", end=0.05)), Fail(APIConnectionError("lost", retry_after=0))],
        [HearAll()],
        frame_duration=0.06,
    )
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for frame in cut(AUDIO.slice(0, 4800), 0.1):
                stream.push_frame(frame)
                stream.flush()
            stream.end_input()
            await drain(stream)
    assert [frame.samples_per_channel for frame in stt.heard[1].frames] == [800, 960, 640, 960, 640]
    assert stt.heard[1].markers == [pytest.approx(each) for each in (0.05, 0.15, 0.25)]


@pytest.mark.contract("S10")
async def test_the_engine_wakes_once_a_chunk(engine: Callable[..., Any]) -> None:
    woken = 0

    async def run(stream: Any) -> None:
        nonlocal woken
        async for item in stream._input_ch:
            woken += not isinstance(item, stream._FlushSentinel)

    stt = engine(run, frame_duration=0.1)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for frame in cut(AUDIO, 0.01):
                stream.push_frame(frame)
                await anyio.wait_all_tasks_blocked()
            assert woken == 10


@pytest.mark.contract("S10", "S7")
@pytest.mark.parametrize("frame_duration", [0.25, 0.1, 0.15])
async def test_frames_longer_than_what_may_wait_still_come_together(frame_duration: float) -> None:
    stt = ScriptedSTT(frame_duration=frame_duration)
    with anyio.fail_after(5):
        async with stt.stream(conn_options=bounded(0.1)) as stream:
            await stream.feed(cut(AUDIO, 0.07))
            await drain(stream)
    assert stt.heard[0].audio == AUDIO.pcm


@pytest.mark.contract("S10")
@pytest.mark.parametrize("wrong", [{"sample_rate": 0}, {"frame_duration": 0.0}])
def test_a_format_nobody_can_have_is_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        ScriptedSTT(**wrong).stream()
