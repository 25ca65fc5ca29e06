"""One utterance of a stream, cut out of it to be recognised by itself."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ..audio.frame import AudioFrame
from ..events import SpeechData, SpeechEvent, SpeechEventType, Word

__all__ = ("Utterance", "on_clock")


@dataclass(frozen=True)
class Utterance:
    """
    What somebody said between two silences.

    Args:
        frames: its audio.
        start: where that begins, in seconds.
        end: where it ends.
        language: what was spoken, where that is known.
    """

    frames: list[AudioFrame]
    start: float
    end: float
    language: str | None


def on_clock(event: SpeechEvent, utterance: Utterance) -> SpeechEvent:
    """Put the times of a recording on the stream's clock; an engine without times gets some."""
    event = event.shifted(utterance.start)
    spoken = [_with_times(data, utterance) for data in event.alternatives]
    return replace(event, type=SpeechEventType.FINAL_TRANSCRIPT, alternatives=spoken)


def _with_times(data: SpeechData, utterance: Utterance) -> SpeechData:
    """An engine's times are believed within the utterance only."""
    data = replace(data, words=_within(data.words, utterance))
    if not (data.end_time and math.isfinite(data.end_time)):
        return replace(data, start_time=utterance.start, end_time=utterance.end)
    end = min(max(data.end_time, utterance.start), utterance.end)
    return replace(data, start_time=min(max(data.start_time, utterance.start), end), end_time=end)


def _within(words: list[Word] | None, utterance: Utterance) -> list[Word] | None:
    if words is None or not all(
        math.isfinite(time) for word in words for time in (word.start_time, word.end_time)
    ):
        return None
    first, last = utterance.start, utterance.end
    if all(first <= word.start_time <= word.end_time <= last for word in words):
        return words
    starts = [min(max(word.start_time, first), last) for word in words]
    return [
        word.at(start, min(max(word.end_time, start), last))
        for word, start in zip(words, starts, strict=True)
    ]
