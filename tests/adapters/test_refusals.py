"""Utterances that are refused for good: given up, told of, and nobody is down for them."""

from __future__ import annotations

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    APIStatusError,
    AudioBuffer,
    AudioFrame,
    AudioLostError,
    FallbackAdapter,
    RecognizeStream,
    SpeechEvent,
    SpeechEventType,
    StreamAdapter,
    STTCapabilities,
    STTError,
    combine_frames,
)
from anyio_stt.testing import ScriptedSTT, final, silence, tone
from tests.adapters.loud_vad import LoudVAD

REFUSED = APIStatusError("unintelligible", status_code=400)
AUDIO = combine_frames(
    [part for seconds in (1.0, 0.4, 1.2, 0.8) for part in (tone(seconds), silence(1.0))]
)
SHORT = 0.8  # with the padding around it


class Picky(ScriptedSTT):
    """Refuses what is shorter than *shortest* seconds, once *broken* fails at it instead."""

    def __init__(self, label: str, shortest: float = 0.0) -> None:
        super().__init__(
            label=label, capabilities=STTCapabilities(streaming=False, interim_results=False)
        )
        self.shortest = shortest
        self.failure: Exception = REFUSED
        self.asked = 0

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: object
    ) -> SpeechEvent:
        self.asked += 1
        if combine_frames(buffer).duration < self.shortest:
            raise self.failure
        return final(self.label)


async def texts(stt: STT, audio: AudioFrame = AUDIO) -> tuple[list[str], RecognizeStream]:
    with anyio.fail_after(60):
        async with stt.stream() as stream:
            await stream.feed([audio])
            kind = SpeechEventType.FINAL_TRANSCRIPT
            said = [each.alternatives[0].text async for each in stream if each.type is kind]
    return said, stream


@pytest.mark.contract("S22")
async def test_a_refused_utterance_is_given_up_and_what_follows_is_recognised() -> None:
    adapter = StreamAdapter(stt=Picky("a", SHORT), vad=LoudVAD())
    errors: list[STTError] = []
    adapter.on("error", errors.append)

    said, stream = await texts(adapter)

    assert said == ["a", "a", "a"]
    (told,) = [each for each in errors if isinstance(each.error, AudioLostError)]
    assert isinstance(told.error, AudioLostError)
    ((start, end),) = told.error.lost
    assert 1.8 < start < 2.0
    assert 2.4 < end < 2.8
    assert told.recoverable
    assert stream.statistics().dropped == pytest.approx(end - start, abs=1e-3)


@pytest.mark.contract("S22")
async def test_another_member_may_take_what_one_refuses_and_nobody_is_down() -> None:
    a, b = Picky("a", SHORT), Picky("b")
    adapter = FallbackAdapter([a, b], vad=LoudVAD())
    changes: list[object] = []
    errors: list[STTError] = []
    adapter.on("stt_availability_changed", changes.append)
    adapter.on("error", errors.append)

    said, stream = await texts(adapter)

    assert said[:2] == ["a", "b"]
    assert len(said) == 4
    assert changes == []
    assert not [each for each in errors if isinstance(each.error, AudioLostError)]
    assert stream.statistics().dropped == 0


@pytest.mark.contract("S22")
async def test_what_every_member_refuses_is_told_once_after_each_was_asked() -> None:
    members = [Picky(label, SHORT) for label in "abc"]
    adapter = FallbackAdapter(members, vad=LoudVAD())
    changes: list[object] = []
    errors: list[STTError] = []
    adapter.on("stt_availability_changed", changes.append)
    adapter.on("error", errors.append)

    said, stream = await texts(adapter)

    assert len(said) == 3
    assert changes == []
    assert len([each for each in errors if isinstance(each.error, AudioLostError)]) == 1
    assert 0.4 < stream.statistics().dropped < 0.9


@pytest.mark.contract("S22")
async def test_who_refuses_hears_on_when_all_others_have_failed() -> None:
    a, b, c = Picky("a", SHORT), Picky("b", 99.0), Picky("c", 99.0)
    b.failure = c.failure = APIConnectionError("down", retryable=False)
    adapter = FallbackAdapter([a, b, c], vad=LoudVAD())
    errors: list[STTError] = []
    adapter.on("error", errors.append)

    said, stream = await texts(adapter)

    assert said == ["a", "a", "a"]
    assert [b.asked, c.asked] == [1, 1]
    assert len([each for each in errors if isinstance(each.error, AudioLostError)]) == 1
    assert 0.4 < stream.statistics().dropped < 0.9


async def test_who_is_down_is_not_asked_about_a_refused_utterance() -> None:
    a, b = Picky("a", 9.0), Picky("b", SHORT)
    a.failure = APIConnectionError("down", retryable=False)

    said, _ = await texts(FallbackAdapter([a, b], vad=LoudVAD()))

    assert said == ["b", "b", "b"]
    assert a.asked == 1


@pytest.mark.contract("S22")
async def test_the_third_refusal_in_a_row_is_raised_as_itself() -> None:
    for adapter in (
        StreamAdapter(stt=Picky("a", 9.0), vad=LoudVAD()),
        FallbackAdapter([Picky("a", 9.0), Picky("b", 9.0)], vad=LoudVAD()),
    ):
        with pytest.raises(APIStatusError, match="unintelligible"):
            await texts(adapter)
