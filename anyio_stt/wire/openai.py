"""OpenAI's answers to recordings: JSON, or events as they are made; no input or output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..events import RecognitionUsage, SpeechData, SpeechEvent, SpeechEventType, Word
from ..exceptions import APIError
from .fields import json_object, language_tag, number, text_of
from .session import longer_guess

__all__ = ("StreamedTranscript", "language_of", "read_transcription", "usage_of")

_EXCERPT = 500  # characters of what a server said that an error repeats


class StreamedTranscript:
    """
    A transcript in the making: deltas, and at last the whole.

    Servers that copy OpenAI end with an empty text, or with their whole answer as text: where the
    two disagree, what was said piece by piece is the transcript.

    Args:
        where: how errors call the server.
    """

    def __init__(self, where: object) -> None:
        self._where = where
        self._done: dict[str, Any] | None = None
        self.guess: str = ""
        """What was said so far."""

    @property
    def done(self) -> bool:
        """Whether the last event has come."""
        return self._done is not None

    def add(self, data: str) -> bool:
        """
        Take the data of one event, and return whether there is more text.

        Raises:
            APIError: when the server reports a failure, or does not end.
            Exception: whatever comes of data that are no such event.
        """
        if data.strip() == "[DONE]":
            return False
        body = json_object(data)
        if body.get("error"):
            told = str(body["error"])[:_EXCERPT]
            raise APIError(f"the server reports a failure: {told}", body=body)
        kind = text_of(body["type"])
        if kind == "transcript.text.done":
            self._done = body
        elif kind == "transcript.text.delta":
            more = text_of(body["delta"])
            self.guess = longer_guess(self._where, self.guess, more)
            return bool(more)
        return False  # others say nothing to us

    def answer(self) -> dict[str, Any]:
        """Return what `read_transcription` reads, once it is done."""
        body = dict(self._done or {})
        if self.guess.strip() and self.guess.split() != text_of(body.get("text") or "").split():
            body["text"] = self.guess
        return body


def read_transcription(
    body: Mapping[str, Any], language: str, *, start: float, end: float
) -> SpeechEvent:
    """
    Make a FINAL_TRANSCRIPT of an answer in `json` or `verbose_json`.

    Args:
        body: the answer.
        language: what is spoken, where the answer does not say.
        start: where the audio begins, in seconds.
        end: where it ends.

    Raises:
        Exception: whatever comes of what is no such answer.
    """
    words = _words(body.get("words") or (), start)
    text = text_of(body["text"]).strip()
    first = words[0].start_time if words else start
    said = SpeechData(language_of(body) or language, text, first, end, words=words)
    return SpeechEvent(
        SpeechEventType.FINAL_TRANSCRIPT,
        alternatives=[said],
        recognition_usage=usage_of(body, end - start),
    )


def _words(words: Iterable[Mapping[str, Any]], start: float) -> list[Word] | None:
    """Read words with their times; where one has none, they say nothing that the text does not."""
    found = []
    for word in words:
        if word.get("start") is None or word.get("end") is None:
            return None
        text = text_of(word["word"]).strip()
        found.append(Word(text, start + number(word["start"]), start + number(word["end"])))
    return found or None


def language_of(body: Mapping[str, Any]) -> str:
    """Return the language that an answer tells, the first of several; or an empty text."""
    several = body.get("languages") or ()
    return language_tag(body.get("language")) or (
        language_tag(several[0]["code"]) if several else ""
    )


def usage_of(body: Mapping[str, Any], duration: float) -> RecognitionUsage | None:
    """Return what an answer for *duration* seconds of audio says that it cost."""
    usage = body.get("usage")
    if not usage:
        return None
    return RecognitionUsage(
        number(usage.get("seconds") or duration),
        int(number(usage.get("input_tokens") or 0)),
        int(number(usage.get("output_tokens") or 0)),
    )
