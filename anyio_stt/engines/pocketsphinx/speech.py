"""What a worker says, as speech events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...events import SpeechData, SpeechEvent, SpeechEventType, Word
from ._worker.wire import Kind, Message

__all__ = ("to_event", "to_speech", "to_words")


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
        speech = to_speech(to_words(message), language)
        return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, alternatives=[speech])
    return None


def to_words(message: Message) -> list[Word]:
    """Return the words of a `FINAL`."""
    return [
        Word(text, start, end, confidence)
        for text, start, end, confidence in message.fields["words"]
    ]


def to_speech(words: Sequence[Word], language: str) -> SpeechData:
    """Return *words* as one transcript: as sure as its words are on average."""
    if not words:
        return SpeechData(language, "", words=[])
    return SpeechData(
        language,
        " ".join(word.text for word in words),
        start_time=words[0].start_time,
        end_time=max(word.end_time for word in words),
        confidence=sum(word.confidence for word in words) / len(words),
        words=list(words),
    )


def _guess(fields: dict[str, Any], language: str) -> SpeechData:
    return SpeechData(language, fields["text"], start_time=fields["start"], end_time=fields["end"])
