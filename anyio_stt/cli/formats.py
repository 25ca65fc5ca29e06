"""Events as text: plain lines, JSON lines, subtitles."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any

from anyio_stt import SpeechData, SpeechEvent, SpeechEventType

from .subtitles import cues_of, srt_cue, vtt_cue

__all__ = ("FORMATS", "Formatter", "make_formatter")

_FINAL = SpeechEventType.FINAL_TRANSCRIPT


class Formatter(ABC):
    """
    Turns the events of one recording into the text of one file.

    Args:
        name: what the recording is called.
        named: whether the name has to be told, because there are several.
    """

    one_recording = False
    """Whether its times make sense for a single recording only."""

    def __init__(self, name: str, *, named: bool = False) -> None:
        self.name = name
        self.named = named

    def begin(self) -> str:
        """Return what comes before the first event."""
        return ""

    @abstractmethod
    def event(self, event: SpeechEvent) -> str:
        """Return *event* as text, empty when this format does not tell it."""


class _TextFormatter(Formatter):
    def event(self, event: SpeechEvent) -> str:
        text = " ".join(_best(event).text.split()) if event.type is _FINAL else ""
        if not text:
            return ""
        return f"{self.name}: {text}\n" if self.named else f"{text}\n"


class _JSONLinesFormatter(Formatter):
    def event(self, event: SpeechEvent) -> str:
        return json.dumps({"file": self.name} | _fields(event), ensure_ascii=False) + "\n"


class _SRTFormatter(Formatter):
    one_recording = True

    def __init__(self, name: str, *, named: bool = False) -> None:
        super().__init__(name, named=named)
        self._count = 0

    def event(self, event: SpeechEvent) -> str:
        text = ""
        for cue in cues_of(_best(event)) if event.type is _FINAL else ():
            self._count += 1
            text += srt_cue(self._count, cue)
        return text


class _VTTFormatter(Formatter):
    one_recording = True

    def begin(self) -> str:
        return "WEBVTT\n\n"

    def event(self, event: SpeechEvent) -> str:
        return "".join(map(vtt_cue, cues_of(_best(event)))) if event.type is _FINAL else ""


FORMATS: dict[str, type[Formatter]] = {
    "text": _TextFormatter,
    "jsonl": _JSONLinesFormatter,
    "srt": _SRTFormatter,
    "vtt": _VTTFormatter,
}
"""The formats by the names the command takes."""


def make_formatter(format_name: str, name: str, *, named: bool = False) -> Formatter:
    """Return a formatter for the recording called *name*."""
    return FORMATS[format_name](name, named=named)


def _best(event: SpeechEvent) -> SpeechData:
    return event.alternatives[0] if event.alternatives else SpeechData("", "")


def _fields(event: SpeechEvent) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": event.type.value}
    if event.alternatives:
        best = event.alternatives[0]
        fields |= {
            "text": best.text,
            "start": round(best.start_time, 3),
            "end": round(best.end_time, 3),
            "confidence": round(best.confidence, 4),
            "language": best.language,
            "speaker": best.speaker_id,
            "words": _words(best),
            "delay": None if event.delay is None else round(event.delay, 3),
        }
    if event.time is not None:
        fields["time"] = round(event.time, 3)
    if event.recognition_usage is not None:
        fields["audio_duration"] = event.recognition_usage.audio_duration
    return fields


def _words(data: SpeechData) -> list[dict[str, Any]]:
    return [
        {
            "text": word.text,
            "start": round(word.start_time, 3),
            "end": round(word.end_time, 3),
            "confidence": round(word.confidence, 4),
        }
        for word in data.words or ()
    ]
