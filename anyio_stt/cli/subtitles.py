"""Transcripts as subtitles: what was said, cut to what can be read, one cue after the other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from anyio_stt import SpeechData

from .alignment import TimedText, timed_text
from .shown import one_line

__all__ = ("Cue", "CueQueue", "cues_of", "srt_cue", "vtt_cue")

# What broadcasters agree on: two lines of 42 characters, read at 17 characters a second, on the
# screen for at most 7 seconds.
_LINE = 42
_MAX_CHARACTERS = 2 * _LINE
_MAX_SECONDS = 7.0
_READING_SPEED = 17.0
_MIN_SECONDS = 0.3
_SENTENCE_ENDS = ".?!…。？！"  # noqa: RUF001 - as they are written
_NO_BEGINNING = "、。，．！？」』）ー…"  # noqa: RUF001
_LOOK_ALIKE = {"-->": "→", "<": "＜", ">": "＞", "{": "｛"}  # noqa: RUF001


@dataclass(frozen=True)
class Cue:
    """A piece of text and when to show it, in seconds; who said it, where that is known."""

    start: float
    end: float
    text: str
    speaker: str = ""


def cues_of(data: SpeechData, speaker: str = "") -> Iterator[Cue]:
    """Yield *data* as cues that fit a screen; without word times they are shared out by length."""
    room = _MAX_CHARACTERS - (len(speaker) + 2 if speaker else 0)
    parts = timed_text(data)
    while parts:
        count = _fitting(parts, max(room, _LINE))
        text = "".join(part.text for part in parts[:count]).strip()
        yield Cue(parts[0].start, parts[count - 1].end, text, speaker)
        parts = parts[count:]


def _fitting(parts: list[TimedText], room: int) -> int:
    """Return how many of *parts* go into one cue, whole sentences rather than the most."""
    count, length = 0, 0
    while count < len(parts):
        length += len(parts[count].text)
        text = "".join(part.text for part in parts[: count + 1])
        too_long = len(_split(text.strip())) > 2 or length > room + 1
        if count and (too_long or parts[count].end - parts[0].start > _MAX_SECONDS):
            break
        count += 1
    if count == len(parts):
        return count
    for shorter in range(count, count // 2, -1):
        if parts[shorter - 1].text.rstrip().endswith(tuple(_SENTENCE_ENDS)):
            return shorter
    return count


class CueQueue:
    """
    Gives cues the time it takes to read them, where the next one leaves it.

    No cue ends before it begins, and none overlaps the next.
    """

    def __init__(self) -> None:
        self._waiting: Cue | None = None
        self._free_from = 0.0

    def push(self, cue: Cue) -> Iterator[Cue]:
        """Take *cue* and yield the one before it, whose end is known now."""
        start = _number(cue.start)
        if self._waiting is not None:
            start = max(start, self._waiting.start + _MIN_SECONDS)
            yield self._ended(self._waiting, before=start)
            start = max(start, self._free_from)
        self._waiting = replace(cue, start=start, end=max(_number(cue.end), start))

    def flush(self) -> Iterator[Cue]:
        """Yield the last cue."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            yield self._ended(waiting, before=math.inf)

    def _ended(self, cue: Cue, *, before: float) -> Cue:
        reading = max(len(cue.text) / _READING_SPEED, _MIN_SECONDS)
        wanted = min(max(cue.end, cue.start + reading), max(cue.start + _MAX_SECONDS, _MIN_SECONDS))
        end = max(min(wanted, before), cue.start + _MIN_SECONDS)
        self._free_from = end
        return replace(cue, end=end)


def srt_cue(number: int, cue: Cue) -> str:
    """Return *cue* as block *number* (from 1) of an SRT file, with the empty line after it."""
    times = f"{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}"
    text = f"{cue.speaker}: {cue.text}" if cue.speaker else cue.text
    # SRT has markup, by custom, and no way to escape it: signs that look alike are none.
    for sign, other in _LOOK_ALIKE.items():
        text = text.replace(sign, other)
    return f"{number}\n{times}\n{_lines(text)}\n\n"


def vtt_cue(cue: Cue) -> str:
    """Return *cue* as a block of a WebVTT file, with the empty line after it."""
    # An arrow in the text would be read as the next cue's times, an ampersand or angle as markup.
    voice = f"<v {_escaped(cue.speaker)}>" if cue.speaker else ""
    text = "\n".join(_escaped(line) for line in _lines(cue.text).split("\n"))
    return f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{voice}{text}\n\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _number(seconds: float) -> float:
    return max(seconds, 0.0) if math.isfinite(seconds) else 0.0


def _clock(seconds: float, point: str) -> str:
    total = round(max(seconds, 0.0) * 1000)
    minutes, milliseconds = divmod(total, 60_000)
    return (
        f"{minutes // 60:02}:{minutes % 60:02}:"
        f"{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"
    )


def _lines(text: str) -> str:
    return "\n".join(_split(one_line(text)))


def _split(text: str) -> list[str]:
    """Break *text* into lines, two of about one length if it fits into two."""
    if len(text) <= _LINE:
        return [text]
    places = [at for at in range(1, len(text)) if _may_break(text, at)]
    halves = [at for at in places if len(text[:at].rstrip()) <= _LINE and len(text) - at <= _LINE]
    if halves:
        at = min(halves, key=lambda place: abs(place - len(text) / 2))
        return [text[:at].rstrip(), text[at:].lstrip()]
    at = max((at for at in places if len(text[:at].rstrip()) <= _LINE), default=_LINE)
    return [text[:at].rstrip(), *_split(text[at:].lstrip())]


def _may_break(text: str, at: int) -> bool:
    return text[at - 1] == " " or (" " not in text and text[at] not in _NO_BEGINNING)
