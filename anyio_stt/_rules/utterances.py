"""Which words belong to which stretch of speech, and when that is whole; no clock, no waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from ..events import SpeechData, SpeechEvent, SpeechEventType, Utterance

__all__ = ("UtteranceBuilder", "all_said", "said_from")

_HANGOVER = 0.5  # seconds that detectors wait after the last word before they say END
_ROUNDING = 1e-3

_START, _END = SpeechEventType.START_OF_SPEECH, SpeechEventType.END_OF_SPEECH
_FINAL = SpeechEventType.FINAL_TRANSCRIPT


def all_said(end: float, said: Collection[SpeechData], covered: float) -> bool:
    """
    Return whether no more words can come of speech: all up to its *end* was answered, or nearly.

    Args:
        end: where it ended, in seconds.
        said: its words so far.
        covered: up to where the audio is answered.
    """
    return max(covered, _last_end(said)) >= said_from(end, said) - _ROUNDING


def said_from(end: float, said: Collection[SpeechData]) -> float:
    """Return up to where audio has to be answered, that speech which ended at *end* is whole."""
    return end - _HANGOVER if said else end


def _last_end(said: Collection[SpeechData]) -> float:
    return max((data.end_time for data in said), default=0.0)


@dataclass(slots=True)
class _Segment:
    """What lies between a START and its END."""

    channel: int | None
    start: float | None
    end: float | None = None
    closed: bool = False
    finals: list[SpeechEvent] = field(default_factory=list)

    @property
    def said(self) -> list[SpeechData]:
        return [event.alternatives[0] for event in self.finals]

    def whole(self, covered: float) -> bool:
        """Whether no more words can come: all up to its END was answered, or nearly."""
        if not self.closed or self.end is None:
            return self.closed
        return all_said(self.end, self.said, covered)

    def distance(self, data: SpeechData) -> float:
        """Return how far the words lie outside of it, in seconds; negative where they overlap."""
        start = -1e9 if self.start is None else self.start
        end = 1e9 if self.end is None else self.end
        return max(start - data.end_time, data.start_time - end)

    def utterance(self) -> Utterance:
        said = self.said
        starts = [data.start_time for data in said if data.end_time]
        first = said[0] if said else None
        words = [word for data in said for word in data.words or ()]
        return Utterance(
            text=" ".join(data.text.strip() for data in said if data.text.strip()),
            start_time=self.start if self.start is not None else min(starts, default=0.0),
            end_time=self.end if self.end is not None else _last_end(said),
            language=first.language if first else "",
            channel=self.channel,
            speaker_id=first.speaker_id if first else None,
            words=words or None,
            delay=max((e.delay for e in self.finals if e.delay is not None), default=None),
        )


class UtteranceBuilder:
    """
    Gathers the events of a stream into utterances, one for every END.

    A FINAL belongs to the segment its times lie in, also when that has ended already; a FINAL
    without times to the oldest that waits for words.
    """

    def __init__(self) -> None:
        self._segments: deque[_Segment] = deque()

    def add(self, event: SpeechEvent, delivered: float) -> None:
        """
        Take one event.

        Args:
            event: the stream's next.
            delivered: seconds of audio that the engine has read so far.
        """
        if event.type is _START:
            self._segments.append(_Segment(event.channel, event.time))
        elif event.type is _END:
            self._close(event, delivered)
        elif event.type is _FINAL and event.alternatives and event.alternatives[0].text.strip():
            self._home_of(event).finals.append(event)

    def finish(self) -> None:
        """Take it that nothing more comes: what is open is whole."""
        for segment in self._segments:
            segment.closed, segment.end = True, None

    def take(self, covered: float) -> Utterance | None:
        """Return the next utterance that is whole, of those in order on its channel."""
        blocked: set[int | None] = set()
        for index, segment in enumerate(self._segments):
            if segment.channel in blocked:
                continue
            if segment.whole(covered):
                del self._segments[index]
                return segment.utterance()
            blocked.add(segment.channel)
        return None

    @property
    def awaited(self) -> float | None:
        """Up to where audio must be answered before the next utterance is whole, if it ended."""
        ends = [each.end for each in self._segments if each.closed and each.end is not None]
        return min(ends, default=None)

    def _close(self, event: SpeechEvent, delivered: float) -> None:
        for segment in self._segments:
            if segment.channel == event.channel and not segment.closed:
                segment.closed = True
                segment.end = event.time
                if event.time is None and not segment.finals:
                    segment.end = delivered
                return

    def _home_of(self, event: SpeechEvent) -> _Segment:
        data = event.alternatives[0]
        mine = [each for each in self._segments if each.channel == event.channel]
        if not mine:  # words behind an utterance that was whole: one of their own
            segment = _Segment(event.channel, data.start_time or None, data.end_time or None, True)
            self._segments.append(segment)
            return segment
        if not data.end_time:
            return next((each for each in mine if not each.finals), mine[-1])
        return min(mine, key=lambda each: each.distance(data))
