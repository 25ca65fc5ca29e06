"""What a worker says, as speech events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..events import SpeechData, SpeechEvent, SpeechEventType, Word
from .wire import Kind, Message

__all__ = ("to_event", "to_speech")


def to_event(message: Message, language: str) -> SpeechEvent | None:
    """Return the event that *message* is, or `None` when it is none."""
    if message.kind is Kind.ONSET:
        return SpeechEvent(SpeechEventType.START_OF_SPEECH, time=message.fields["time"])
    if message.kind is Kind.OFFSET:
        return SpeechEvent(SpeechEventType.END_OF_SPEECH, time=message.fields["time"])
    if message.kind is Kind.INTERIM:
        guess = _guess(message.fields, language)
        return SpeechEvent(SpeechEventType.INTERIM_TRANSCRIPT, alternatives=[guess])
    if message.kind is Kind.FINAL:
        speech = to_speech([message], language)
        return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, alternatives=[speech])
    return None


def to_speech(finals: Sequence[Message], language: str) -> SpeechData:
    """
    Return what *finals* say as one transcript, as sure as its words are on average.

    Args:
        finals: messages of the kind `FINAL`, in order.
        language: what they are in where they do not tell.
    """
    words = [Word(*word) for message in finals for word in message.fields["words"]]
    told = next((each for m in finals if (each := m.fields.get("language"))), "") or language
    if not words:
        return SpeechData(told, "", words=[])
    return SpeechData(
        told,
        " ".join(message.fields["text"] for message in finals),
        start_time=words[0].start_time,
        end_time=max(word.end_time for word in words),
        confidence=sum(word.confidence for word in words) / len(words),
        words=words,
    )


def _guess(fields: dict[str, Any], language: str) -> SpeechData:
    return SpeechData(language, fields["text"], start_time=fields["start"], end_time=fields["end"])
