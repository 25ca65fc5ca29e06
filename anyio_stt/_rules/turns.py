"""When somebody's turn begins, may be over, goes on, and is over; no clock, no waiting."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ..events import SpeechData, SpeechEvent, SpeechEventType
from ..moments import EagerEndOfTurn, EndOfTurn, StartOfTurn, TurnMoment, TurnResumed
from .utterances import all_said, said_from

__all__ = ("Question", "TurnBuilder", "TurnLimits")

_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """When a turn begins, may be over, and is over; seconds, a number of words, a probability."""

    min_silence: float = 0.2
    max_silence: float = 1.5
    min_words: int = 1
    max_gap: float = 1.0
    threshold: float = 0.5

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
        if not 0 < self.threshold <= 1:
            raise ValueError(
                f"threshold is a probability above 0 and up to 1, not {self.threshold!r}"
            )


@dataclass(slots=True)
class _Turn:
    """A turn that is not over."""

    start: float
    eager: str | None = None
    """The text that was announced as perhaps all of it, until it goes on."""
    said: list[SpeechData] = field(default_factory=list)
    until: float = 0.0
    """Where its last final ends, or came if that has no times."""
    pause: int = 0
    """How often speech has stopped or gone on."""
    asked: float = 0.0
    """The silence that a detector was asked about last, in this pause."""
    over: tuple[float, float] | None = None
    """From when to when nobody spoke, where that ends it once its last words came."""

    @property
    def text(self) -> str:
        return self.text_with()

    def text_with(self, *more: SpeechData) -> str:
        return " ".join(data.text.strip() for data in (*self.said, *more))

    def next_pause(self) -> None:
        self.pause, self.asked = self.pause + 1, 0.0

    @property
    def language(self) -> str:
        return self.said[0].language if self.said else ""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a turn is over, so much *silence* after it, at *position*, in seconds."""

    text: str
    language: str
    silence: float
    position: float
    channel: int | None
    turn: object
    pause: int


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
        self.limits, self.channel, self._told = limits, channel, told
        self._turn: _Turn | None = None
        self._speaking = self._cut = self._ended = False
        self._quiet_since = 0.0
        self._pause: tuple[float, float] | None = None
        """The silence before the last speech, where it is long enough to end a turn."""

    @property
    def waiting(self) -> bool:
        """Whether a turn is open, so that more audio may change something."""
        return self._turn is not None

    def waits_for(self, asks: bool, covered: float) -> tuple[float, float]:
        """
        Return up to where audio has to be heard, or to be answered, before anything changes.

        One of the two at most; the other is infinite. *asks* is whether a detector can be asked,
        and *covered* up to where audio was answered.
        """
        turn = self._turn
        if turn is None or (self._speaking and not turn.over):
            return math.inf, math.inf
        quiet = turn.over[0] if turn.over else self._quiet_since
        if not all_said(quiet, turn.said, covered):
            return math.inf, said_from(quiet, turn.said)
        silence = self.limits.max_silence
        if turn.eager is None:
            silence = self.limits.min_silence
        elif asks:
            silence = min(silence, self._next_asked(turn))
        return quiet + silence, math.inf

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
            if self._turn is not None:
                self._turn.next_pause()

    def cut(self, time: float | None) -> None:
        """
        Take it that nobody speaks after *time* for now; more words say that it goes on.

        `None` is the end of the last words, or where they came if they have no times.
        """
        if time is None:
            time = self._turn.until if self._turn else 0.0
        if time and self._speaking:
            self._cut = True
            self.stop(time)

    def hear(self, until: float, covered: float) -> list[TurnMoment]:
        """Take it that audio was heard up to *until*, and answered up to *covered*."""
        turn = self._turn
        if turn is not None and turn.over and all_said(turn.over[0], turn.said, covered):
            return self.finish()
        if turn is None or self._speaking or not all_said(self._quiet_since, turn.said, covered):
            return []
        moments: list[TurnMoment] = []
        silence = until - self._quiet_since + _ROUNDING
        if silence >= self.limits.min_silence and turn.eager is None and not self._ended:
            moments += self._announce(turn)
        if self._ended or silence >= self.limits.max_silence:
            moments += self.finish()
        return moments

    def question(self, until: float) -> Question | None:
        """Return what a detector is to be asked, audio being heard up to *until*; each once."""
        turn = self._turn
        if turn is None or turn.eager is None or self._speaking:
            return None
        silence = self._next_asked(turn)
        if silence >= self.limits.max_silence or until - self._quiet_since + _ROUNDING < silence:
            return None
        turn.asked = silence
        position = self._quiet_since + silence
        asked = turn.text, turn.language, silence, position
        return Question(*asked, self.channel, turn, turn.pause)

    def answer(self, question: Question, probability: float) -> list[TurnMoment]:
        """Take a detector's answer; one about a turn or a pause that has passed is none."""
        turn = self._turn
        if turn is None or turn is not question.turn or turn.pause != question.pause:
            return []
        return self.finish() if probability >= self.limits.threshold else []

    def finish(self) -> list[TurnMoment]:
        """End the turn that is open: nothing more comes."""
        turn = self._turn
        if turn is None:
            return []
        end = self._end_of(turn)
        # Of what was announced no final came, or another one.
        moments = self._resume(end) if turn.eager != turn.text else []
        self._turn = None
        return [*moments, EndOfTurn(turn.text, turn.start, end, turn.language, self.channel)]

    def _announce(self, turn: _Turn, *guess: SpeechData) -> list[TurnMoment]:
        turn.eager = turn.text_with(*guess)
        end = self._end_of(turn, *guess)
        return [EagerEndOfTurn(turn.eager, turn.start, end, self.channel)]

    def _next_asked(self, turn: _Turn) -> float:
        """Return the silence to ask about next: `min_silence`, then twice the one before."""
        return max(self.limits.min_silence, 2 * turn.asked)

    def _end_of(self, turn: _Turn, *guess: SpeechData) -> float:
        """Return where its last words end, or where speech did of which no final came."""
        ends = [data.end_time for data in (*turn.said, *guess)]
        return max(max(ends, default=0.0) or self._quiet_since, turn.start)

    def _start(self, time: float, covered: float) -> list[TurnMoment]:
        moments = self.hear(time, covered)
        turn, long_ago = self._turn, time - self.limits.max_silence + _ROUNDING
        if not self._speaking:
            enough = self._ended or 0 < self._quiet_since <= long_ago
            self._pause = (self._quiet_since, time) if enough else None
            if turn and not turn.over:
                turn.over = self._pause  # only its words are late
        moments += self._resume(time)
        self._speaking, self._ended = True, False
        return moments

    def _words(self, data: SpeechData, kind: SpeechEventType, heard: float) -> list[TurnMoment]:
        if self._cut:  # the engine still hears speech that stopped to come
            self._cut, self._speaking = False, True
        guess = kind is SpeechEventType.INTERIM_TRANSCRIPT
        if self._turn is None and guess and len(data.text.split()) < self.limits.min_words:
            return []
        final = kind is SpeechEventType.FINAL_TRANSCRIPT
        moments, turn = list[TurnMoment](), self._turn
        if turn and turn.over and final and 0 < sum(turn.over) / 2 <= data.start_time:
            moments, turn = self.finish(), None
        if turn is None:
            turn = self._turn = _Turn(data.start_time if data.end_time else heard)
            if self._pause and data.end_time > 0 and data.start_time < sum(self._pause) / 2:
                turn.over = self._pause  # words so late that others speak already
            if not self._speaking:  # words that came behind their END
                self._quiet_since = max(self._quiet_since, data.end_time)
            moments.append(StartOfTurn(turn.start, data.text.strip(), self.channel))
        if (self._speaking or not guess) and turn.text_with(data) != turn.eager:
            moments += self._resume(data.end_time or heard)
        if final:
            turn.said.append(data)
            turn.until = max(turn.until, data.end_time or heard)
        elif kind is SpeechEventType.PREFLIGHT_TRANSCRIPT and turn.eager is None:
            moments += self._announce(turn, data)
        return moments

    def _resume(self, time: float) -> list[TurnMoment]:
        if self._turn is None or self._turn.eager is None:
            return []
        self._turn.eager = None
        self._turn.next_pause()
        return [TurnResumed(time, self.channel)]
