"""Each channel recognised by itself."""

from __future__ import annotations

import anyio
import numpy as np
import pytest

from anyio_stt import APIConnectionError, AudioFrame, SpeechEventType, STTMetrics
from anyio_stt.adapters import MultiChannel
from anyio_stt.testing import Fail, Hear, HearMarker, Say, ScriptedSTT, assert_no_leaks, cut, final

FINAL = SpeechEventType.FINAL_TRANSCRIPT


def stereo(seconds: float) -> AudioFrame:
    samples = np.random.default_rng(1).integers(-9000, 9000, (round(16000 * seconds), 2))
    return AudioFrame.from_array(samples.astype(np.int16), 16000)


async def test_each_channel_is_heard_by_a_stream_of_its_own() -> None:
    stt = ScriptedSTT()
    audio = stereo(2)

    async with assert_no_leaks():
        with anyio.fail_after(5):
            async with MultiChannel(stt).stream() as stream:
                for frame in cut(audio, 0.03):
                    stream.push_frame(frame)
                stream.end_input()
                events = [event async for event in stream]

    assert sorted((e.channel, e.alternatives[0].text) for e in events if e.type is FINAL) == [
        (0, "2.000 s"),
        (1, "2.000 s"),
    ]
    for channel, heard in enumerate(stt.heard):
        samples = np.concatenate([frame.to_array() for frame in heard.frames])
        assert np.array_equal(samples, audio.to_array()[:, channel])


async def test_a_marker_reaches_every_channel() -> None:
    stt = ScriptedSTT([HearMarker(), Say(final("now"))])

    with anyio.fail_after(5):
        async with MultiChannel(stt).stream() as stream:
            stream.push_frame(stereo(1))
            stream.flush()
            channels = set()
            async for event in stream:
                if event.type is FINAL:
                    channels.add(event.channel)
                if len(channels) == 2:
                    break

    assert channels == {0, 1}


async def test_one_attempt_more_is_made_for_the_channel_that_failed_only() -> None:
    stt = ScriptedSTT([Hear(0.5), Fail(APIConnectionError("lost"))])
    metrics: list[STTMetrics] = []
    adapter = MultiChannel(stt)
    adapter.on("metrics_collected", metrics.append)

    with pytest.raises(APIConnectionError, match="after 4 attempts"), anyio.fail_after(60):
        async with adapter.stream() as stream:
            stream.push_frame(stereo(1))
            stream.end_input()
            async for _ in stream:
                pass

    assert len(stt.heard) <= 8


async def test_no_audio_gives_no_event() -> None:
    with anyio.fail_after(5):
        async with MultiChannel(ScriptedSTT()).stream() as stream:
            stream.end_input()
            assert [event async for event in stream] == []


async def test_a_recording_is_answered_channel_by_channel() -> None:
    stt = ScriptedSTT(recognize=[[Say(lambda heard: final("hi", start=0.1, end=heard.seconds))]])

    answer = await MultiChannel(stt).recognize(stereo(1))

    assert answer.alternatives[0].text == "hi hi"
    assert [heard.frames[0].num_channels for heard in stt.heard] == [1, 1]
