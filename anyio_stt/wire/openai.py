"""OpenAI's answers to recordings: JSON, or events as they are made; no input or output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..events import RecognitionUsage, SpeechData, SpeechEvent, SpeechEventType, Word
from ..exceptions import APIError

__all__ = ("language_of", "read_stream_event", "read_transcription", "usage_of")

_EXCERPT = 500  # characters of what a server said that an error repeats


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
        told = str(body["error"])[:_EXCERPT]
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
