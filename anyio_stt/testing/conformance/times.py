"""What is wrong with the times of what an engine said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...events import SpeechData, SpeechEvent, SpeechEventType, Word
from .probe import Said

__all__ = ("clock_fault",)

_FINAL, _END = SpeechEventType.FINAL_TRANSCRIPT, SpeechEventType.END_OF_SPEECH
_START = SpeechEventType.START_OF_SPEECH


def clock_fault(said: Sequence[Said], tolerance: float) -> str:
    """Say what is wrong with the times of one attempt, or nothing."""
    last = 0.0
    for each in said:
        event = each.event
        fault = _time_fault(event, each.heard, last, tolerance) or _word_fault(event, tolerance)
        if fault:
            return fault
        if event.type is _FINAL and event.alternatives:
            last = max(last, event.alternatives[0].end_time)
    return _end_fault(said, tolerance)


def _time_fault(event: SpeechEvent, heard: float, last: float, tolerance: float) -> str:
    for start, end, text in _spans(event):
        if end and end > heard + tolerance:
            return (
                f"{event.type.name} {text!r} ends at {end:.2f} s, but the attempt has read "
                f"{heard:.2f} s only"
            )
        if end and (start > end + 1e-6 or start < 0):
            return f"{event.type.name} {text!r} runs from {start:.2f} to {end:.2f} s"
    if event.type is _FINAL and event.alternatives:
        data = event.alternatives[0]
        if data.end_time and data.text.strip() and data.end_time <= last:
            return f"a final that ends at {data.end_time:.2f} s came after one at {last:.2f} s"
        if data.end_time and 0 < data.start_time < last - tolerance:
            return (
                f"a final that begins at {data.start_time:.2f} s came after one that ends at "
                f"{last:.2f} s: the same audio is said twice"
            )
    return ""


def _word_fault(event: SpeechEvent, tolerance: float) -> str:
    """Say how a final and its words differ, where words have times."""
    data = event.alternatives[0] if event.type is _FINAL and event.alternatives else None
    timed = _timed(data)
    if data is None or not timed or not data.end_time:
        return ""
    first, last = timed[0].start_time, timed[-1].end_time
    if data.start_time < first - tolerance:
        return (
            f"a final begins at {data.start_time:.2f} s, its first word at {first:.2f} s: the "
            f"silence before it belongs to nobody"
        )
    if data.start_time > first + tolerance or data.end_time < last - tolerance:
        return (
            f"a final from {data.start_time:.2f} to {data.end_time:.2f} s has words from "
            f"{first:.2f} to {last:.2f} s"
        )
    return ""


def _end_fault(said: Sequence[Said], tolerance: float) -> str:
    """Say which END came behind words that it does not know yet."""
    last: Word | None = None
    for event in (each.event for each in said):
        if event.type is _START:
            last = None
        elif event.type is _END:
            if last is not None and event.time and event.time < last.end_time - tolerance:
                return (
                    f"END_OF_SPEECH at {event.time:.2f} s came after {str(last)!r}, which ends at "
                    f"{last.end_time:.2f} s: speech that goes on was ended by older words"
                )
            last = None
        else:
            timed = _timed(event.alternatives[0] if event.alternatives else None)
            last = timed[-1] if timed else last
    return ""


def _timed(data: SpeechData | None) -> list[Word]:
    return [word for word in (data.words or () if data is not None else ()) if word.end_time]


def _spans(event: SpeechEvent) -> Iterator[tuple[float, float, str]]:
    if event.time is not None:
        yield event.time, event.time, ""
    for data in event.alternatives:
        yield data.start_time, data.end_time, data.text
        yield from _word_spans(data)


def _word_spans(data: SpeechData) -> Iterator[tuple[float, float, str]]:
    for word in data.words or ():
        yield word.start_time, word.end_time, word.text
