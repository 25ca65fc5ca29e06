"""OpenAI's answers to recordings: JSON, or events as they are made; no input or output."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ...events import RecognitionUsage, SpeechData, SpeechEvent, SpeechEventType, Word
from ...exceptions import APIError
from ...transports.statuses import EXCERPT

__all__ = ("ServerSentEvents", "language_of", "read_stream_event", "read_transcription", "usage_of")

_MAX_LINE = 1024 * 1024
_MAX_EVENT = 1024 * 1024


class ServerSentEvents:
    """Cuts the data of server-sent events out of bytes, however they were cut before."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, data: bytes, *, last: bool = False) -> Iterator[str]:
        """
        Return the data of the events that are complete.

        Raises:
            ValueError: when a line or an event does not end.
        """
        self._text += self._decoder.decode(data, last)
        *lines, self._text = self._text.split("\n")
        if len(self._text) > _MAX_LINE:
            raise ValueError(f"a line of more than {_MAX_LINE} characters")
        for raw in lines:
            line = raw.removesuffix("\r")
            if line.startswith("data:"):
                self._keep(line)
            elif not line and self._data:
                yield "\n".join(self._data)
                self._data, self._size = [], 0

    def _keep(self, line: str) -> None:
        self._size += len(line)  # with its `data:`, so that empty lines count too
        if self._size > _MAX_EVENT:
            raise ValueError(
                f"an event of more than {_MAX_EVENT} characters in its data lines: no empty line "
                f"ends it"
            )
        self._data.append(line[5:].removeprefix(" "))


def read_stream_event(data: str) -> dict[str, Any]:
    """
    Read one event of a transcript in the making.

    Returns:
        The event, of type `transcript.text.delta` with more text, or `transcript.text.done` with
        what `read_transcription` reads; others, and an empty one, say nothing to us.

    Raises:
        APIError: when the server reports a failure.
        LookupError, TypeError, ValueError: when it is no such event.
    """
    if data.strip() == "[DONE]":
        return {"type": ""}
    body = dict(json.loads(data))
    if body.get("error"):
        told = str(body["error"])[:EXCERPT]
        raise APIError(f"the server reports a failure: {told}", body=body)
    return {**body, "type": str(body["type"])}


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
        LookupError, TypeError, ValueError: when it is no such answer.
    """
    words = [
        Word(str(word["word"]).strip(), start + float(word["start"]), start + float(word["end"]))
        for word in body.get("words") or ()
    ]
    text = str(body["text"]).strip()
    said = SpeechData(language_of(body) or language, text, start, end, words=words or None)
    return SpeechEvent(
        SpeechEventType.FINAL_TRANSCRIPT,
        alternatives=[said],
        recognition_usage=usage_of(body, end - start),
    )


def language_of(body: Mapping[str, Any]) -> str:
    """Return the language that an answer tells, the first of several; or an empty text."""
    several = body.get("languages") or ()
    return str(body.get("language") or (several[0]["code"] if several else ""))


def usage_of(body: Mapping[str, Any], duration: float) -> RecognitionUsage | None:
    """Return what an answer for *duration* seconds of audio says that it cost."""
    usage = body.get("usage")
    if not usage:
        return None
    return RecognitionUsage(
        float(usage.get("seconds") or duration),
        int(usage.get("input_tokens") or 0),
        int(usage.get("output_tokens") or 0),
    )
