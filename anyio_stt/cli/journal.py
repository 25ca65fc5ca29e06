"""What was said until now, kept beside the output so that an interrupted run can go on."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from anyio_stt import SpeechData, SpeechEvent, SpeechEventType, Word

from .settings import Settings
from .shown import clean, shown_name

__all__ = ("Journal", "journal_path")

_VERSION = 1
_ROUNDING = 0.05
_KEPT = ("language", "start_time", "end_time", "confidence", "speaker_id")
_KEPT_OF_WORDS = ("start_time", "end_time", "confidence", "speaker_id")


def journal_path(output: Path) -> Path:
    """Return where the journal of a transcript at *output* lies."""
    return output.with_name(f"{output.name}.journal")


class Journal:
    """
    The finals of one recording, a line of JSON each; made with the first.

    It belongs to one recording, as it was then, and one way to transcribe it: a journal of
    another is not gone on with. It holds no option of the engine as it was typed, as that may be
    a key.

    Args:
        path: where it lies.
        recording: the name of the recording, a file.
        settings: how it is transcribed.
        version: what changes when a recording that is no file does.
    """

    def __init__(
        self, path: Path, recording: str, settings: Settings, version: str | None = None
    ) -> None:
        self.path = path
        self._file: TextIO | None = None
        status = None if version is not None else os.stat(recording)
        how = json.dumps([settings.options, settings.language, settings.channels], default=repr)
        self._header = {
            "journal": _VERSION,
            "recording": shown_name(recording),
            "size": None if status is None else status.st_size,
            "changed": version if status is None else status.st_mtime_ns,
            "engine": settings.engine,
            "how": hashlib.sha256(how.encode("utf-8", "replace")).hexdigest(),
        }

    def read(self) -> list[SpeechEvent]:
        """Return the finals of the interrupted run; none if there was none, or it was another."""
        try:
            lines = self.path.read_text("utf-8").splitlines()
        except (OSError, ValueError):
            return []
        if not lines or _parsed(lines[0]) != self._header:
            return []
        events = []
        for line in lines[1:]:
            event = _event_of(_parsed(line))
            if event is None:  # the run ended while it was written
                break
            events.append(event)
        return events

    def add(self, event: SpeechEvent) -> None:
        """Write a final down; a journal that cannot be written is no reason to stop."""
        with suppress(OSError):
            if self._file is None:
                self._file = self.path.open("w", encoding="utf-8")
                self._write(self._header)
            self._write(_fields(event))

    def _write(self, value: dict[str, Any]) -> None:
        assert self._file is not None
        self._file.write(json.dumps(value) + "\n")
        self._file.flush()

    def close(self, *, until: float | None) -> dict[int | None, float]:
        """
        End it, and return up to where a next run has got by it, in seconds, by channel.

        Args:
            until: behind that it holds nothing that can be relied on; None: nobody needs it.
        """
        file, self._file = self._file, None
        with suppress(OSError):
            if file is not None:
                file.close()
            if until is not None:
                return self._cut(until)
            self.path.unlink(missing_ok=True)
        return {}

    def _cut(self, until: float) -> dict[int | None, float]:
        events = self.read()
        kept = [event for event in events if _end_of(event) <= until + _ROUNDING]
        if len(kept) < len(events):
            self.path.unlink()
            for event in kept:
                self.add(event)
            if self._file is not None:
                self._file.close()
        covered: dict[int | None, float] = {}
        for event in kept:
            covered[event.channel] = max(covered.get(event.channel, 0.0), _end_of(event))
        return covered


def _end_of(event: SpeechEvent) -> float:
    return event.alternatives[0].end_time


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _fields(event: SpeechEvent) -> dict[str, Any]:
    best = event.alternatives[0]
    fields: dict[str, Any] = {name: getattr(best, name) for name in _KEPT}
    words: list[dict[str, Any]] | None = (
        None
        if best.words is None
        else [
            {"text": clean(word.text)} | {name: getattr(word, name) for name in _KEPT_OF_WORDS}
            for word in best.words
        ]
    )
    return fields | {"text": clean(best.text), "words": words, "channel": event.channel}


def _event_of(fields: dict[str, Any] | None) -> SpeechEvent | None:
    if fields is None:
        return None
    try:
        channel, words = fields.pop("channel"), fields.pop("words")
        words = None if words is None else [Word(**word) for word in words]
        data = SpeechData(**fields, words=words)
    except (KeyError, TypeError):
        return None
    final = SpeechEventType.FINAL_TRANSCRIPT
    return SpeechEvent(final, alternatives=[data], channel=channel)
