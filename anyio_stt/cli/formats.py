"""Events as text: plain lines, JSON, tables, subtitles."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from anyio_stt import SpeechData, SpeechEvent, SpeechEventType

from .shown import clean, finite, one_line
from .subtitles import Cue, CueQueue, cues_of, srt_cue, vtt_cue

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

    def end(self) -> str:
        """Return what comes after the last event."""
        return ""


class _TextFormatter(Formatter):
    def event(self, event: SpeechEvent) -> str:
        text = one_line(_best(event).text) if event.type is _FINAL else ""
        if not text:
            return ""
        parts = [self.name if self.named else "", _speaker(event), text]
        return ": ".join(part for part in parts if part) + "\n"


class _JSONLinesFormatter(Formatter):
    def event(self, event: SpeechEvent) -> str:
        return _json({"file": self.name} | _fields(event)) + "\n"


class _JSONFormatter(Formatter):
    one_recording = True

    def __init__(self, name: str, *, named: bool = False) -> None:
        super().__init__(name, named=named)
        self._texts: list[str] = []

    def begin(self) -> str:
        return f'{{"file": {_json(self.name)}, "segments": ['

    def event(self, event: SpeechEvent) -> str:
        if event.type is not _FINAL:
            return ""
        comma = ",\n" if self._texts else "\n"
        self._texts.append(one_line(_best(event).text))
        fields = _fields(event)
        del fields["type"]
        return comma + _json(fields)

    def end(self) -> str:
        return f'\n], "text": {_json(" ".join(filter(None, self._texts)))}}}\n'


class _TableFormatter(Formatter):
    one_recording = True

    def begin(self) -> str:
        return "start\tend\tspeaker\ttext\n"

    def event(self, event: SpeechEvent) -> str:
        best = _best(event)
        text = one_line(best.text) if event.type is _FINAL else ""
        if not text:
            return ""
        start, end = (
            round((finite(each) or 0) * 1000) for each in (best.start_time, best.end_time)
        )
        return f"{start}\t{end}\t{_speaker(event)}\t{text}\n"


class _SubtitleFormatter(Formatter):
    one_recording = True

    def __init__(self, name: str, *, named: bool = False) -> None:
        super().__init__(name, named=named)
        self._cues = CueQueue()
        self._count = 0

    def event(self, event: SpeechEvent) -> str:
        if event.type is not _FINAL:
            return ""
        cues = cues_of(_best(event), _speaker(event))
        return self._written(done for cue in cues for done in self._cues.push(cue))

    def end(self) -> str:
        return self._written(self._cues.flush())

    def _written(self, cues: Iterable[Cue]) -> str:
        text = ""
        for cue in cues:
            self._count += 1
            text += self._block(self._count, cue)
        return text

    def _block(self, number: int, cue: Cue) -> str:
        return srt_cue(number, cue)


class _VTTFormatter(_SubtitleFormatter):
    def begin(self) -> str:
        return "WEBVTT\n\n"

    def _block(self, number: int, cue: Cue) -> str:  # noqa: ARG002 - not counted here
        return vtt_cue(cue)


FORMATS: dict[str, type[Formatter]] = {
    "txt": _TextFormatter,
    "srt": _SubtitleFormatter,
    "vtt": _VTTFormatter,
    "json": _JSONFormatter,
    "jsonl": _JSONLinesFormatter,
    "tsv": _TableFormatter,
}
"""The formats by the names the command takes, which are the endings of their files."""


def make_formatter(format_name: str, name: str, *, named: bool = False) -> Formatter:
    """Return a formatter for the recording called *name*."""
    return FORMATS[format_name](name, named=named)


def _best(event: SpeechEvent) -> SpeechData:
    return event.alternatives[0] if event.alternatives else SpeechData("", "")


def _speaker(event: SpeechEvent) -> str:
    told = _best(event).speaker_id
    if told:
        return one_line(told)
    return "" if event.channel is None else f"Speaker {event.channel + 1}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _fields(event: SpeechEvent) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": event.type.value}
    if event.channel is not None:
        fields["channel"] = event.channel
    if event.alternatives:
        best = event.alternatives[0]
        fields |= {
            "text": clean(best.text),
            "start": finite(best.start_time),
            "end": finite(best.end_time),
            "confidence": finite(best.confidence, 4),
            "language": clean(best.language or ""),
            "speaker": best.speaker_id and clean(best.speaker_id),
            "words": _words(best),
            "delay": finite(event.delay),
        }
    if event.time is not None:
        fields["time"] = finite(event.time)
    if event.recognition_usage is not None:
        fields["audio_duration"] = finite(event.recognition_usage.audio_duration)
    return fields


def _words(data: SpeechData) -> list[dict[str, Any]]:
    return [
        {
            "text": clean(word.text),
            "start": finite(word.start_time),
            "end": finite(word.end_time),
            "confidence": finite(word.confidence, 4),
        }
        for word in data.words or ()
    ]
