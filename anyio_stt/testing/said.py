"""Short spellings of the events a fake engine says; times in seconds, as everywhere."""

from __future__ import annotations

from ..events import RecognitionUsage, SpeechData, SpeechEvent, SpeechEventType, Word

__all__ = ("end_of_speech", "final", "interim", "preflight", "start_of_speech", "usage")


def final(
    text: str,
    *,
    start: float = 0.0,
    end: float = 0.0,
    request_id: str = "",
    language: str = "en",
    words: list[Word] | None = None,
    channel: int | None = None,
) -> SpeechEvent:
    """Make a FINAL_TRANSCRIPT; without *end* it is that of an engine that has no clock."""
    data = SpeechData(language, text, start, end, words=words)
    return SpeechEvent(
        SpeechEventType.FINAL_TRANSCRIPT, request_id, alternatives=[data], channel=channel
    )


def interim(
    text: str, *, start: float = 0.0, end: float = 0.0, request_id: str = "", language: str = "en"
) -> SpeechEvent:
    """Make an INTERIM_TRANSCRIPT."""
    data = SpeechData(language, text, start, end)
    return SpeechEvent(SpeechEventType.INTERIM_TRANSCRIPT, request_id, alternatives=[data])


def preflight(
    text: str, *, start: float = 0.0, end: float = 0.0, request_id: str = "", language: str = "en"
) -> SpeechEvent:
    """Make a PREFLIGHT_TRANSCRIPT."""
    data = SpeechData(language, text, start, end)
    return SpeechEvent(SpeechEventType.PREFLIGHT_TRANSCRIPT, request_id, alternatives=[data])


def start_of_speech(time: float | None = None, *, request_id: str = "") -> SpeechEvent:
    """Make a START_OF_SPEECH."""
    return SpeechEvent(SpeechEventType.START_OF_SPEECH, request_id, time=time)


def end_of_speech(time: float | None = None, *, request_id: str = "") -> SpeechEvent:
    """Make an END_OF_SPEECH."""
    return SpeechEvent(SpeechEventType.END_OF_SPEECH, request_id, time=time)


def usage(
    seconds: float, *, input_tokens: int = 0, output_tokens: int = 0, request_id: str = ""
) -> SpeechEvent:
    """Make a RECOGNITION_USAGE for so many seconds of audio since the last one."""
    report = RecognitionUsage(seconds, input_tokens, output_tokens)
    return SpeechEvent(SpeechEventType.RECOGNITION_USAGE, request_id, recognition_usage=report)
