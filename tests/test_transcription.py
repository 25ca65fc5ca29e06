"""Recordings handed over whole: a stream that feeds itself, and words."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from anyio_stt import (
    APIConnectOptions,
    APIStatusError,
    AudioFrame,
    AudioLostError,
    InputEndedError,
    SpeechEventType,
    StreamClosedError,
    STTCapabilities,
)
from anyio_stt.testing import (
    Fail,
    Hang,
    Hear,
    HearAll,
    Say,
    ScriptedSTT,
    assert_no_leaks,
    cut,
    final,
    noise,
)

AUDIO = noise(2.0, seed=3)
PIECES = cut(AUDIO, 0.1)
BATCH = STTCapabilities(streaming=False, interim_results=False, max_utterance=0.5)


async def endless() -> AsyncIterator[AudioFrame]:
    yield AUDIO
    await anyio.sleep_forever()


async def words(stt: ScriptedSTT, source: Any, **options: Any) -> list[str]:
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            events = [event async for event in stream.transcribe(source, **options)]
    return [e.alternatives[0].text for e in events if e.type is SpeechEventType.FINAL_TRANSCRIPT]


async def asynchronous() -> AsyncIterator[AudioFrame]:
    for piece in PIECES:
        yield piece


@pytest.mark.any_clock
@pytest.mark.contract("S5", "S6")
@pytest.mark.parametrize(
    ("source", "options"),
    [
        (PIECES, {}),
        (tuple(PIECES), {}),
        (AUDIO, {}),
        (AUDIO.to_array(), {"sample_rate": 16000}),
        (AUDIO.pcm, {"sample_rate": 16000}),
    ],
    ids=["list", "tuple", "frame", "array", "bytes"],
)
async def test_a_stream_feeds_itself_with_audio_in_any_form(source: Any, options: Any) -> None:
    stt = ScriptedSTT()
    assert await words(stt, source, **options) == ["2.000 s"]
    assert stt.heard[0].audio == AUDIO.pcm


@pytest.mark.real_time
async def test_frames_may_come_asynchronously_or_from_a_file(tmp_path: Path) -> None:
    stt = ScriptedSTT()
    assert await words(stt, asynchronous()) == ["2.000 s"]
    path = tmp_path / "recording.wav"
    path.write_bytes(AUDIO.to_wav_bytes())
    assert await words(stt, path) == ["2.000 s"]
    assert await stt.transcribe(str(path)) == "2.000 s"


@pytest.mark.any_clock
@pytest.mark.contract("S3", "S14")
async def test_what_the_engine_fails_with_arrives_as_itself_after_the_words_before_it() -> None:
    refused = APIStatusError("no credit", status_code=402)
    stt = ScriptedSTT([Hear(0.5), Say(final("hello", end=0.5)), Fail(refused)])
    heard = []
    async with assert_no_leaks():
        with anyio.fail_after(5), pytest.raises(APIStatusError) as caught:
            async with stt.stream() as stream:
                async for event in stream.transcribe(endless()):
                    heard.extend([event.type])
    assert caught.value is refused
    assert SpeechEventType.FINAL_TRANSCRIPT in heard


@pytest.mark.any_clock
async def test_what_the_source_fails_with_arrives_after_what_came_of_it_was_recognised() -> None:
    async def torn() -> AsyncIterator[AudioFrame]:
        yield AUDIO
        raise OSError("the microphone was pulled out")

    stt = ScriptedSTT()
    said: list[str] = []
    with anyio.fail_after(5), pytest.raises(OSError, match="pulled out"):
        async with stt.stream() as stream:
            async for event in stream.transcribe(torn()):
                said.extend(each.text for each in event.alternatives)
    assert said == ["2.000 s"]


@pytest.mark.real_time
async def test_a_file_that_is_not_there_is_told_though_the_engine_hangs(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await words(ScriptedSTT([Hang()]), tmp_path / "none.wav")


@pytest.mark.any_clock
@pytest.mark.contract("S2", "S19")
async def test_leaving_the_loop_or_being_cancelled_leaves_nothing_behind() -> None:
    stt = ScriptedSTT([Hear(1.0), Say(final("one", end=1.0)), HearAll()])
    async with assert_no_leaks():
        with anyio.fail_after(5):
            async with stt.stream() as stream:
                async for event in stream.transcribe(endless()):
                    if event.alternatives:
                        break
    async with assert_no_leaks():
        with anyio.move_on_after(0.1) as scope:
            await stt.transcribe(endless())
    assert scope.cancelled_caught


@pytest.mark.any_clock
@pytest.mark.contract("S16")
async def test_seconds_that_were_lost_are_an_error_at_the_end_with_the_rest_of_the_words() -> None:
    stt = ScriptedSTT(
        [Hear(1.0), Fail(ConnectionLost())], [HearAll(), Say(final("the rest", end=1.5))]
    )
    with anyio.fail_after(5), pytest.raises(AudioLostError) as caught:
        await stt.transcribe(PIECES, conn_options=APIConnectOptions(replay_limit=0.5))
    ((start, end),) = caught.value.lost
    assert (start, end) == pytest.approx((0.0, 0.5))
    assert caught.value.text == "the rest"


class ConnectionLost(APIStatusError):
    def __init__(self) -> None:
        super().__init__("lost", status_code=503, retry_after=0.0)


@pytest.mark.any_clock
async def test_misuse_gets_the_line_to_write() -> None:
    stt = ScriptedSTT()
    stream = stt.stream()
    with pytest.raises(StreamClosedError):
        await anext(stream.transcribe(AUDIO))
    async with stt.stream() as stream:
        with pytest.raises(ValueError, match="sample_rate=16000"):
            stream.transcribe(np.zeros(10, np.int16))
        with pytest.raises(TypeError, match="must be an AudioFrame"):
            stream.transcribe(5)  # type: ignore[arg-type]
        stream.end_input()
        with pytest.raises(InputEndedError):
            await anext(stream.transcribe(AUDIO))


@pytest.mark.any_clock
@pytest.mark.contract("S6")
async def test_an_engine_of_recordings_is_asked_in_pieces_that_it_takes() -> None:
    stt = ScriptedSTT(capabilities=BATCH)
    text = await stt.transcribe(PIECES)
    lengths = [float(each) for each in text.replace(" s", "").split()]
    assert all(length <= 0.5 for length in lengths)
    assert math.fsum(lengths) == pytest.approx(2.0, abs=0.01)
    assert b"".join(each.audio for each in stt.heard) == AUDIO.pcm
