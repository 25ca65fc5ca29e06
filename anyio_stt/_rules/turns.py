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
    eager: str | None = None
    """The text that was announced as perhaps all of it, until it goes on."""
    said: list[SpeechData] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.text_with()

    def text_with(self, *more: SpeechData) -> str:
        return " ".join(data.text.strip() for data in (*self.said, *more))


class TurnBuilder:
    """
    Makes turns of one channel's events: `(Start (Eager Resumed)* Eager? End)*`.

    Nothing that was heard changes an announced text: words behind an Eager resume the turn. A
    preflight is an Eager, whoever sends it.

    Args:
        limits: when a turn begins and ends.
        channel: whose turns.
        told: whether the engine decides: its END is the end, and silence only where the audio
            stops to come.
    """

    def __init__(
        self, limits: TurnLimits, channel: int | None = None, *, told: bool = False
    ) -> None:
        self.limits, self._channel, self._told = limits, channel, told
        self._turn: _Turn | None = None
        self._speaking = self._cut = self._ended = False
        self._quiet_since = 0.0

    @property
    def waiting(self) -> bool:
        """Whether a turn is open, so that more audio may change something."""
        return self._turn is not None

    def add(self, event: SpeechEvent, heard: float, covered: float) -> list[TurnMoment]:
        """Take the channel's next event, the engine having read *heard* seconds of audio."""
        moments: list[TurnMoment] = []
        if event.type is SpeechEventType.START_OF_SPEECH:
            moments += self._start(heard if event.time is None else event.time, covered)
        elif event.type is SpeechEventType.END_OF_SPEECH:
            self.stop(heard if event.time is None else event.time)
            self._cut, self._ended = False, self._told
        elif event.alternatives and event.alternatives[0].text.strip():
            moments += self._words(event.alternatives[0], event.type, heard)
        return moments + (self.hear(heard, covered) if self._ended else [])

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
        if silence >= self.limits.min_silence and turn.eager is None and not self._ended:
            moments += self._announce(turn)
        if self._ended or silence >= self.limits.max_silence:
            moments += self.finish()
        return moments

    def finish(self) -> list[TurnMoment]:
        """End the turn that is open: nothing more comes."""
        turn = self._turn
        if turn is None:
            return []
        end = self._end_of(turn)
        # Of what was announced no final came, or another one.
        moments = self._resume(end) if turn.eager != turn.text else []
        self._turn = None
        language = turn.said[0].language if turn.said else ""
        return [*moments, EndOfTurn(turn.text, turn.start, end, language, self._channel)]

    def _announce(self, turn: _Turn, *guess: SpeechData) -> list[TurnMoment]:
        turn.eager = turn.text_with(*guess)
        end = self._end_of(turn, *guess)
        return [EagerEndOfTurn(turn.eager, turn.start, end, self._channel)]

    def _end_of(self, turn: _Turn, *guess: SpeechData) -> float:
        """Return where its last words end, or where speech did of which no final came."""
        ends = [data.end_time for data in (*turn.said, *guess)]
        return max(max(ends, default=0.0) or self._quiet_since, turn.start)

    def _start(self, time: float, covered: float) -> list[TurnMoment]:
        moments = self.hear(time, covered)
        moments += self._resume(time)
        self._speaking, self._ended = True, False
        return moments

    def _words(self, data: SpeechData, kind: SpeechEventType, heard: float) -> list[TurnMoment]:
        if self._cut:  # the engine still hears speech that stopped to come
            self._cut, self._speaking = False, True
        guess = kind is SpeechEventType.INTERIM_TRANSCRIPT
        if self._turn is None and guess and len(data.text.split()) < self.limits.min_words:
            return []
        moments: list[TurnMoment] = []
        turn = self._turn
        if turn is None:
            turn = self._turn = _Turn(data.start_time if data.end_time else heard)
            if not self._speaking:  # words that came behind their END
                self._quiet_since = data.end_time or heard
            moments.append(StartOfTurn(turn.start, data.text.strip(), self._channel))
        if (self._speaking or not guess) and turn.text_with(data) != turn.eager:
            moments += self._resume(data.end_time or heard)
        if kind is SpeechEventType.FINAL_TRANSCRIPT:
            turn.said.append(data)
        elif kind is SpeechEventType.PREFLIGHT_TRANSCRIPT and turn.eager is None:
            moments += self._announce(turn, data)
        return moments

    def _resume(self, time: float) -> list[TurnMoment]:
        if self._turn is None or self._turn.eager is None:
            return []
        self._turn.eager = None
        return [TurnResumed(time, self._channel)]
