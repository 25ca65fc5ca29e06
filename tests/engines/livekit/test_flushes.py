"""When a flush is answered that a plugin has no word for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip("livekit.agents")

from anyio_stt import AudioFrame, SpeechData, SpeechEvent, SpeechEventType
from anyio_stt.engines.livekit.flushes import AnsweredSource
from anyio_stt.testing import silence
from anyio_stt.testing.servers import say_words

MARKER = object()


def said(kind: SpeechEventType, text: str, end: float = 0.0) -> SpeechEvent:
    return SpeechEvent(kind, alternatives=[SpeechData("en", text, 0.0, end)])


async def heard(*items: Any) -> tuple[AnsweredSource, list[float]]:
    async def source() -> AsyncIterator[Any]:
        for item in items:
            yield item

    answers: list[float] = []
    answered = AnsweredSource(source(), answers.append)
    assert [item async for item in answered] == list(items)
    return answered, answers


def speech() -> AudioFrame:
    return say_words([1, 2, 3], pause=0.0)


async def test_one_behind_silence_is_answered_at_once() -> None:
    _, answers = await heard(silence(0.5), MARKER)
    assert answers == [0.5]


@pytest.mark.parametrize("end", [0.0, 0.7])
async def test_one_behind_speech_waits_for_its_final(end: float) -> None:
    frame = speech()
    answered, answers = await heard(frame, MARKER)
    assert answers == []
    answered.said(said(SpeechEventType.FINAL_TRANSCRIPT, "w1", 0.1))  # of what lies before
    assert answers == []
    answered.said(said(SpeechEventType.FINAL_TRANSCRIPT, "w2 w3", end))
    assert answers == [frame.duration]


async def test_one_waits_also_for_words_too_quiet_to_be_heard_here() -> None:
    answers: list[float] = []

    async def source() -> AsyncIterator[Any]:
        yield silence(0.5)
        answered.said(said(SpeechEventType.INTERIM_TRANSCRIPT, "psst"))
        yield MARKER

    answered = AnsweredSource(source(), answers.append)
    assert len([item async for item in answered]) == 2
    assert answers == []
    answered.said(said(SpeechEventType.FINAL_TRANSCRIPT, "psst"))
    assert answers == [0.5]
