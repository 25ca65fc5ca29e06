"""Detectors and engines that are wrong: what they keep to themselves is never called silence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from anyio_stt import (
    VAD,
    APIConnectOptions,
    APIError,
    AudioFrame,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    StreamAdapter,
    STTCapabilities,
    VADCapabilities,
    VADEvent,
    VADEventType,
    VADStream,
    Word,
)
from anyio_stt.testing import ScriptedSTT, cut, tone
from tests.adapters.loud_vad import OPTIONS, LoudStream, LoudVAD

START, END = VADEventType.START_OF_SPEECH, VADEventType.END_OF_SPEECH
FINAL = SpeechEventType.FINAL_TRANSCRIPT
BATCH = STTCapabilities(streaming=False, interim_results=False)


class Answering(ScriptedSTT):
    """Answers each recording with the same."""

    def __init__(self, answer: Any) -> None:
        super().__init__(capabilities=BATCH)
        self.answer = answer

    async def _recognize_impl(self, *_: Any, **__: Any) -> Any:
        return self.answer


def said(**times: Any) -> SpeechEvent:
    return SpeechEvent(FINAL, alternatives=[SpeechData("en", "word", **times)])


class TellingVAD(VAD):
    """Tells, after each half second of audio, the next of its events: a kind and a time."""

    def __init__(self, *told: tuple[VADEventType, float], frames: bool = True) -> None:
        super().__init__(capabilities=VADCapabilities(update_interval=0.1))
        self.told = told
        self.frames = frames

    def stream(self) -> VADStream:
        return _TellingStream(self, sample_rate=16000)


class _TellingStream(VADStream):
    _vad: TellingVAD

    async def _run(self) -> None:
        todo, frames, heard = list(self._vad.told), list[AudioFrame](), 0.0
        async for item in self._input_ch:
            if not isinstance(item, AudioFrame):
                continue
            heard += item.duration
            frames.append(item)
            if todo and heard >= 0.5 * (len(self._vad.told) - len(todo) + 1) - 1e-9:
                kind, time = todo.pop(0)
                given = list(frames) if self._vad.frames else []
                self._event_ch.send_nowait(VADEvent(kind, 0, time, 0.0, 0.0, given))


async def hear(adapter: StreamAdapter) -> list[SpeechEvent]:
    with anyio.fail_after(5):
        async with adapter.stream(conn_options=APIConnectOptions(max_retry=0)) as stream:
            for frame in cut(tone(2), 0.1):
                stream.push_frame(frame)
                await anyio.wait_all_tasks_blocked()
            stream.end_input()
            return [event async for event in stream]


@pytest.mark.contract("S16")
@pytest.mark.parametrize(
    "vad",
    [
        pytest.param(TellingVAD((START, 0.5)), id="no end"),
        pytest.param(TellingVAD((START, 0.5), (END, 1.0), frames=False), id="no frames"),
        pytest.param(TellingVAD((START, 0.5), (END, 1.0), (START, 1.5)), id="no last end"),
    ],
)
async def test_speech_that_a_detector_keeps_to_itself_is_no_silence(vad: VAD) -> None:
    with pytest.raises(APIError, match="nobody recognises what was said"):
        await hear(StreamAdapter(stt=Answering(said()), vad=vad))


class UnsureVAD(LoudVAD):
    """Does not know."""

    def stream(self) -> LoudStream:
        return _UnsureStream(self, OPTIONS, sample_rate=16000, window=160)


class _UnsureStream(LoudStream):
    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        return [math.nan for _ in windows]


async def test_a_probability_that_is_no_number_is_no_silence() -> None:
    with pytest.raises(ValueError, match="is a number, got NaN"):
        await hear(StreamAdapter(stt=Answering(said()), vad=UnsureVAD()))


@pytest.mark.contract("S17")
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -3.0, 50.0])
async def test_times_of_detectors_and_engines_lie_in_the_audio(wrong: float) -> None:
    answer = said(start_time=wrong, end_time=wrong, words=[Word("word", wrong, wrong)])
    vad = TellingVAD((START, wrong), (END, wrong), (START, 1.5), (END, 2.0))
    events = await hear(StreamAdapter(stt=Answering(answer), vad=vad))
    assert [event.type for event in events].count(FINAL) == 2
    for event in events:
        assert event.time is None or 0 <= event.time <= 2.0
        for data in event.alternatives:
            words = [time for word in data.words or () for time in (word.start_time, word.end_time)]
            assert all(0 <= time <= 2.0 for time in (data.start_time, data.end_time, *words))


@pytest.mark.parametrize("answer", [None, "hello", 5])
async def test_an_answer_that_is_no_event_is_named(answer: Any) -> None:
    with pytest.raises(TypeError, match=r"returned .*; it returns a SpeechEvent"):
        await Answering(answer).recognize(tone(1))
