"""When somebody's turn begins, may be over, goes on, and is over; no clock, no waiting."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..events import SpeechData, SpeechEvent, SpeechEventType
from ..moments import EagerEndOfTurn, EndOfTurn, StartOfTurn, TurnMoment, TurnResumed
from .utterances import all_said

__all__ = ("TurnBuilder", "TurnLimits")

_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """When a turn begins, may be over, and is over; seconds, and a number of guessed words."""

    min_silence: float = 0.2
    max_silence: float = 2.0
    min_words: int = 1
    max_gap: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.min_silence <= self.max_silence < math.inf:
            raise ValueError(
                f"0 < min_silence <= max_silence has to hold, "
                f"not min_silence={self.min_silence!r}, max_silence={self.max_silence!r}"
            )
        if self.min_words < 1 or not self.max_gap > 0:
            raise ValueError(
                f"min_words has to be 1 or more and max_gap above 0 seconds, "
                f"not {self.min_words!r} and {self.max_gap!r}"
            )


@dataclass(slots=True)
class _Turn:
    """A turn that is not over."""

    start: float
    eager: bool = False
    said: list[SpeechData] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(data.text.strip() for data in self.said)


class TurnBuilder:
    """
    Makes turns of one channel's events: `(Start (Eager Resumed)* Eager? End)*`.

    Nothing that was heard changes an announced text: words behind an Eager resume the turn.
    """

    def __init__(self, limits: TurnLimits, channel: int | None = None) -> None:
        self.limits, self._channel = limits, channel
        self._turn: _Turn | None = None
        self._speaking = self._cut = False
        self._quiet_since = 0.0

    @property
    def waiting(self) -> bool:
        """Whether a turn is open, so that more audio may change something."""
        return self._turn is not None

    def add(self, event: SpeechEvent, heard: float, covered: float) -> list[TurnMoment]:
        """Take the channel's next event, the engine having read *heard* seconds of audio."""
        if event.type is SpeechEventType.START_OF_SPEECH:
            return self._start(heard if event.time is None else event.time, covered)
        if event.type is SpeechEventType.END_OF_SPEECH:
            self.stop(heard if event.time is None else event.time)
            self._cut = False
            return []
        if not event.alternatives or not event.alternatives[0].text.strip():
            return []
        final = event.type is SpeechEventType.FINAL_TRANSCRIPT
        return self._words(event.alternatives[0], final, heard)

    def stop(self, time: float) -> None:
        """Take it that nobody speaks from *time* on."""
        if self._speaking:
            self._speaking, self._quiet_since = False, time

    def cut(self, time: float) -> None:
        """Take it that no audio comes after *time* for now; more words say that it goes on."""
        self._cut = self._cut or self._speaking
        self.stop(time)

    def hear(self, until: float, covered: float) -> list[TurnMoment]:
        """Take it that audio was heard up to *until*, and answered up to *covered*."""
        turn = self._turn
        if turn is None or self._speaking or not all_said(self._quiet_since, turn.said, covered):
            return []
        moments: list[TurnMoment] = []
        silence = until - self._quiet_since + _ROUNDING
        if silence >= self.limits.min_silence and not turn.eager:
            turn.eager = True
            moments.append(EagerEndOfTurn(turn.text, turn.start, self._end_of(turn), self._channel))
        if silence >= self.limits.max_silence:
            moments += self.finish()
        return moments

    def finish(self) -> list[TurnMoment]:
        """End the turn that is open: nothing more comes."""
        turn, self._turn = self._turn, None
        if turn is None:
            return []
        language = turn.said[0].language if turn.said else ""
        return [EndOfTurn(turn.text, turn.start, self._end_of(turn), language, self._channel)]

    def _end_of(self, turn: _Turn) -> float:
        """Return where its last words end, or where speech did of which no final came."""
        ends = [data.end_time for data in turn.said]
        return max(max(ends, default=0.0) or self._quiet_since, turn.start)

    def _start(self, time: float, covered: float) -> list[TurnMoment]:
        moments = self.hear(time, covered)
        moments += self._resume(time)
        self._speaking = True
        return moments

    def _words(self, data: SpeechData, final: bool, heard: float) -> list[TurnMoment]:
        if self._cut:  # the engine still hears speech that stopped to come
            self._cut, self._speaking = False, True
        if self._turn is None and not final and len(data.text.split()) < self.limits.min_words:
            return []
        moments: list[TurnMoment] = []
        if self._turn is None:
            self._turn = _Turn(data.start_time if data.end_time else heard)
            if not self._speaking:  # words that came behind their END
                self._quiet_since = data.end_time or heard
            moments.append(StartOfTurn(self._turn.start, data.text.strip(), self._channel))
        if final:
            moments += self._resume(data.end_time or heard)
            self._turn.said.append(data)
        return moments

    def _resume(self, time: float) -> list[TurnMoment]:
        if self._turn is None or not self._turn.eager:
            return []
        self._turn.eager = False
        return [TurnResumed(time, self._channel)]
