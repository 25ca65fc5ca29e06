"""When each part of a transcript was said, from the times of its words or from its length."""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass

from anyio_stt import SpeechData, Word

from .shown import one_line

__all__ = ("TimedText", "timed_text")

# Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana, Han; each character
# with what stands above or behind it, and the punctuation that must not begin a line.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_PART = re.compile(rf"[{_UNSPACED}][^\s{_UNSPACED}A-Za-z0-9]*\s*|[^\s{_UNSPACED}]+\s*")
_CHARACTERS_A_SECOND = 15.0  # of speech, where nobody says how long it took


@dataclass(frozen=True)
class TimedText:
    """A part of a transcript, with the space behind it if it has one, and when it was said."""

    text: str
    start: float
    end: float


def timed_text(data: SpeechData) -> list[TimedText]:
    """
    Return the text of *data* in parts that may be told apart: words, or characters where a script
    has no spaces. Nothing is added and nothing left out, however the words are spelled.
    """
    text = one_line(data.text)
    words = [word for word in data.words or () if _size(word.text) and _is_timed(word)]
    pieces = _joined_marks(_PART.findall(text))
    if words:
        return _by_words(pieces, words)
    start, end = _finite(data.start_time), _finite(data.end_time)
    if end <= start:
        end = start + len(text) / _CHARACTERS_A_SECOND
    return _shared_out(pieces, [0.0, 1.0], [start, end])


def _joined_marks(pieces: list[str]) -> list[str]:
    """Keep vowel signs and tones with what they stand on."""
    joined: list[str] = []
    for piece in pieces:
        if joined and unicodedata.category(piece[0]).startswith("M"):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _is_timed(word: Word) -> bool:
    return math.isfinite(word.start_time) and math.isfinite(word.end_time) and word.end_time > 0


def _by_words(pieces: list[str], words: list[Word]) -> list[TimedText]:
    # Letters and digits are the scale: punctuation and spaces differ between text and words.
    total = sum(_size(word.text) for word in words)
    places, times, done, latest = [], [], 0, 0.0
    for word in words:
        latest = max(latest, word.start_time)
        places.append(done / total)
        times.append(latest)
        done += _size(word.text)
        latest = max(latest, word.end_time)
        places.append(done / total)
        times.append(latest)
    return _shared_out(pieces, places, times)


def _shared_out(pieces: list[str], places: list[float], times: list[float]) -> list[TimedText]:
    """Give each of *pieces* its time on the line through *times* at *places* from 0 to 1."""
    total = sum(map(_size, pieces)) or 1
    parts, done = [], 0
    for piece in pieces:
        start = _time_at(done / total, places, times, after=True)
        done += _size(piece)
        end = _time_at(done / total, places, times, after=False)
        parts.append(TimedText(piece, start, max(start, end)))
    return parts


def _time_at(place: float, places: list[float], times: list[float], *, after: bool) -> float:
    # At the border of two words a part begins with the second and ends with the first.
    tolerance = 1e-9
    at = bisect_left(places, place - tolerance)
    if at >= len(places):
        return times[-1]
    if abs(places[at] - place) <= tolerance:
        while after and at + 1 < len(places) and abs(places[at + 1] - place) <= tolerance:
            at += 1
        return times[at]
    before = max(at - 1, 0)
    width = places[at] - places[before] or 1.0
    return times[before] + (times[at] - times[before]) * (place - places[before]) / width


def _size(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _finite(seconds: float) -> float:
    return max(seconds, 0.0) if math.isfinite(seconds) else 0.0
