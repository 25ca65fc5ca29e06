"""Times that an engine cannot mean, taken away."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ..events import SpeechData, SpeechEvent

__all__ = ("with_sound_times",)


def with_sound_times(event: SpeechEvent) -> SpeechEvent:
    """Take away times that are none: not finite, negative, or in the wrong order."""
    time = event.time
    if time is not None and not 0 <= time < math.inf:
        event = replace(event, time=None)
    for data in event.alternatives:
        if not data.start_time and not data.end_time:  # an engine without a clock
            continue
        if not (0 <= data.start_time < math.inf and _follows(data)):
            return replace(event, alternatives=[_timeless(each) for each in event.alternatives])
    return event


def _follows(data: SpeechData) -> bool:
    return not data.end_time or data.start_time <= data.end_time < math.inf


def _timeless(data: SpeechData) -> SpeechData:
    sound: dict[str, Any] = {"start_time": 0.0, "end_time": 0.0, "words": None}
    if 0 <= data.end_time < math.inf and not math.isnan(data.start_time):
        sound |= {"start_time": min(max(data.start_time, 0.0), data.end_time)}
        sound |= {"end_time": data.end_time, "words": data.words}
    return replace(data, **sound)
