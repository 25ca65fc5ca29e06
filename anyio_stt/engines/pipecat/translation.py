"""Pipecat's frames as our values, and ours as Pipecat's."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ...events import SpeechData, SpeechEvent, SpeechEventType
from ...exceptions import APIConnectionError, APIError, APIStatusError
from . import theirs

__all__ = ("our_error", "our_event", "their_transcription")

_STATUS = {
    "authentication": 401,
    "authorization": 403,
    "invalid_request": 400,
    "rate_limit": 429,
    "quota": 402,
    "server": 500,
}


def our_event(frame: Any, *, final: bool) -> SpeechEvent:
    """Return a transcription as an event; its times are what the provider's own answer says."""
    start, end = _times(frame.result)
    said = SpeechData(_language(frame.language), frame.text, start, end)
    kind = SpeechEventType.FINAL_TRANSCRIPT if final else SpeechEventType.INTERIM_TRANSCRIPT
    return SpeechEvent(kind, alternatives=[said])


def _times(result: Any) -> tuple[float, float]:
    """Return when an answer like Deepgram's begins and ends; 0 where it does not say."""
    start, duration = (getattr(result, name, None) for name in ("start", "duration"))
    if not isinstance(start, (int, float)) or not isinstance(duration, (int, float)):
        return 0.0, 0.0
    return float(start), float(start + duration)


def _language(language: Any) -> str:
    return str(getattr(language, "value", language) or "")


def our_error(frame: Any, label: str) -> APIError:
    """Return the error that an `ErrorFrame` tells; where only its text does, it is retried."""
    text = f"{label}: {frame.error}"
    category = str(getattr(getattr(frame, "category", None), "value", ""))
    status = getattr(frame.exception, "status_code", None)
    if not isinstance(status, int):
        status = _STATUS.get(category)
    if status is None:
        error: APIError = APIConnectionError(text)
    else:
        error = APIStatusError(text, status_code=status)
    error.__cause__ = frame.exception
    return error


def their_transcription(event: SpeechEvent, user_id: str) -> Any:
    """Return a transcript as a frame."""
    data = event.alternatives[0]
    final = event.type is SpeechEventType.FINAL_TRANSCRIPT
    frames = theirs.frames
    made = frames.TranscriptionFrame if final else frames.InterimTranscriptionFrame
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return made(data.text, user_id, now, data.language or None, result=event)
