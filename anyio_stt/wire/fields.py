"""What a peer's message holds, read so that nothing but what was expected comes out."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any, TypeVar

from ..events import SpeechData, SpeechEvent, Word

__all__ = ("fitted", "json_object", "language_tag", "number", "reason_of", "text_of")

_SHOWN = 80
# What some servers put where they do not know.
_NO_LANGUAGE = frozenset({"", "unknown", "none", "null", "und", "auto", "nan", "multi"})
_Timed = TypeVar("_Timed", SpeechData, Word)


def json_object(message: str | bytes) -> dict[str, Any]:
    """
    Read a JSON object.

    Raises:
        ValueError: when it is none; RecursionError: when it is nested too deeply.
    """
    value = json.loads(message)
    if not isinstance(value, dict):
        raise ValueError(f"a JSON object was expected, not {type(value).__name__}")
    return value


def text_of(value: object) -> str:
    """
    Return *value* if it is text; half a surrogate pair, which no file takes, becomes U+FFFD.

    Raises:
        TypeError: when it is none.
    """
    if not isinstance(value, str):
        raise TypeError(f"text was expected, not {type(value).__name__}")
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def number(value: object) -> float:
    """
    Return *value* as a finite number.

    Raises:
        TypeError: when it is no number.
        ValueError: when it is not finite.
        OverflowError: when it is too large.
    """
    if isinstance(value, (bool, bytes)) or not isinstance(value, (int, float, str)):
        raise TypeError(f"a number was expected, not {type(value).__name__}")
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(f"a number was expected, not {found}")
    return found


def language_tag(value: object, default: str = "") -> str:
    """Return the language that a peer names, or *default* where it names none."""
    if not isinstance(value, str) or value.strip().lower() in _NO_LANGUAGE:
        return default
    return text_of(value.strip())


def reason_of(error: Exception) -> str:
    """Say in a few words why a message could not be read; nothing of it in full."""
    if isinstance(error, KeyError):
        return f"it has no {str(error)[:_SHOWN]}"
    if isinstance(error, json.JSONDecodeError):
        return "it is no JSON"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)[:_SHOWN] or type(error).__name__


def fitted(event: SpeechEvent, start: float, end: float) -> SpeechEvent:
    """
    Return *event* with its times in order and within the audio from *start* to *end*.

    Providers round, and some count words and ranges with two clocks.

    Raises:
        ValueError: when a time is not finite.
    """
    if event.time is not None:
        _check(event.time)
        if not start <= event.time <= end:
            event = replace(event, time=min(max(event.time, start), end))
    readings = [_reading(each, start, end) for each in event.alternatives]
    if all(new is old for new, old in zip(readings, event.alternatives, strict=True)):
        return event
    return replace(event, alternatives=readings)


def _reading(reading: SpeechData, start: float, end: float) -> SpeechData:
    reading = _within(reading, start, end)
    before = reading.words
    if not before:
        return reading
    words: list[Word] = []
    for word in before:
        words.append(_within(word, words[-1].start_time if words else start, end))
    first, last = words[0].start_time, max(word.end_time for word in words)
    if first < reading.start_time or last > reading.end_time:
        reading = replace(
            reading,
            start_time=min(first, reading.start_time),
            end_time=max(last, reading.end_time),
        )
    if all(new is old for new, old in zip(words, before, strict=True)):
        return reading
    return replace(reading, words=words)


def _within(timed: _Timed, start: float, end: float) -> _Timed:
    _check(timed.start_time, timed.end_time)
    if start <= timed.start_time <= timed.end_time <= end:
        return timed
    first = min(max(timed.start_time, start), end)
    last = min(max(timed.end_time, first), end)
    if isinstance(timed, Word):
        return timed.at(first, last)
    return replace(timed, start_time=first, end_time=last)


def _check(*times: float) -> None:
    if not all(map(math.isfinite, times)):
        raise ValueError(f"a time was expected, not {times}")
