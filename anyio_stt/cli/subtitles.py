"""Transcripts as subtitles: short pieces of text with times, in SRT or WebVTT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from anyio_stt import SpeechData, Word

__all__ = ("Cue", "cues_of", "srt_cue", "vtt_cue")

# What broadcasters agree on: two lines of 42 characters, on the screen for at most 7 seconds.
_MAX_CHARACTERS = 84
_MAX_SECONDS = 7.0
_LINE = 42


@dataclass(frozen=True)
class Cue:
    """A piece of text and when to show it, in seconds."""

    start: float
    end: float
    text: str


def cues_of(data: SpeechData) -> Iterator[Cue]:
    """Yield *data* as cues that fit a screen; without word times it is one cue, however long."""
    text = " ".join(data.text.split())
    if not text:
        return
    if not data.words:
        yield Cue(data.start_time, max(data.end_time, data.start_time), text)
        return
    for words in _cut(data.words):
        yield Cue(words[0].start_time, words[-1].end_time, " ".join(word.text for word in words))


def _cut(words: list[Word]) -> Iterator[list[Word]]:
    cue: list[Word] = []
    length = 0
    for word in words:
        length += len(word.text) + 1
        too_long = length > _MAX_CHARACTERS + 1
        if cue and (too_long or word.end_time - cue[0].start_time > _MAX_SECONDS):
            yield cue
            cue, length = [], len(word.text) + 1
        cue.append(word)
    yield cue


def srt_cue(number: int, cue: Cue) -> str:
    """Return *cue* as block *number* (from 1) of an SRT file, with the empty line after it."""
    times = f"{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}"
    return f"{number}\n{times}\n{_lines(cue.text)}\n\n"


def vtt_cue(cue: Cue) -> str:
    """Return *cue* as a block of a WebVTT file, with the empty line after it."""
    # An arrow in the text would be read as the next cue's times, an ampersand or angle as markup.
    text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_lines(text)}\n\n"


def _clock(seconds: float, point: str) -> str:
    total = round(max(seconds, 0.0) * 1000)
    minutes, milliseconds = divmod(total, 60_000)
    return (
        f"{minutes // 60:02}:{minutes % 60:02}:"
        f"{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"
    )


def _lines(text: str) -> str:
    """Break *text* near its middle when it is longer than one line."""
    if len(text) <= _LINE or " " not in text:
        return text
    middle = len(text) // 2
    spaces = [at for at, character in enumerate(text) if character == " "]
    at = min(spaces, key=lambda space: abs(space - middle))
    return f"{text[:at]}\n{text[at + 1 :]}"
