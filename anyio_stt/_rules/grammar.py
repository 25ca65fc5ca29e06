"""
The order of events, as a table: `(START (INTERIM | PREFLIGHT | FINAL)* END)*`.

An engine says what it can, and what it leaves out is completed here: a START before the first
transcript, an END when the segment is over. What a new attempt repeats is left out. A FINAL may
come after the END of its own segment, from engines that mark segments themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ..events import SpeechEventType

__all__ = ("SIGNALS", "TABLE", "Grammar", "Segment", "Signal", "Step")


class Signal(str, Enum):
    """What the grammar is told."""

    __hash__ = str.__hash__  # in C; each event is looked up by it
    START = "START"
    INTERIM = "INTERIM"  # PREFLIGHT too
    FINAL = "FINAL"
    END = "END"
    MARKER = "marker read"  # the engine took a flush marker
    AUDIO = "audio read"  # the engine took the first audio after a marker
    ANSWERED = "answered"  # all audio before the last marker is recognised, silent or lost
    RETRY = "retry"
    STOP = "stop"  # the engine will say nothing more


class Step(str, Enum):
    """What it answers."""

    ADD_START = "add START"
    KEEP = "keep"
    ADD_END = "add END"


class Segment(str, Enum):
    """Where a segment of speech is."""

    __hash__ = str.__hash__  # in C; each event is looked up by it
    QUIET = "quiet"
    FLUSHED = "flushed"  # quiet, and the last thing the engine read is a marker
    STARTED = "started"  # the engine said START
    SPOKEN = "spoken"  # ... and a FINAL since
    GUESSED = "guessed"  # the base said START, the last transcript is a guess
    SAID = "said"  # the base said START, the last transcript is final
    CLOSING = "closing"  # like GUESSED, and a marker was read: a FINAL ends the segment
    SETTLED = "settled"  # like SAID, and a marker was read: more audio ends the segment
    OWING = "owing"  # the engine said END before any FINAL: one may follow
    ENDED = "ended"  # the engine said END
    RESUMED = "resumed"  # speech was open when an attempt failed
    REPEATING = "repeating"  # a FINAL was owed when an attempt failed
    REPEATED = "repeated"  # ... and the engine said START again


SIGNALS = {
    SpeechEventType.START_OF_SPEECH: Signal.START,
    SpeechEventType.INTERIM_TRANSCRIPT: Signal.INTERIM,
    SpeechEventType.PREFLIGHT_TRANSCRIPT: Signal.INTERIM,
    SpeechEventType.FINAL_TRANSCRIPT: Signal.FINAL,
    SpeechEventType.END_OF_SPEECH: Signal.END,
}

# What each signal lets out in each state, and the state it leads to: S and E are a START and an END
# that are added, k is the event itself. A signal without a cell of its own changes nothing.
_ROWS = """
state     START      INTERIM    FINAL       END     MARKER  AUDIO   ANSWERED  RETRY     STOP
quiet     k:started  Sk:guessed Sk:said     -       flushed -       -         -         -
flushed   k:started  Sk:closing SkE:flushed -       -       quiet   -         quiet     -
started   -          k:started  k:spoken    k:owing -       -       -         resumed   E:quiet
spoken    Ek:started k:spoken   k:spoken    k:ended -       -       -         resumed   E:quiet
guessed   started    k:guessed  k:said      k:owing closing -       -         resumed   E:quiet
said      Ek:started k:guessed  k:said      k:ended settled -       -         resumed   E:quiet
closing   started    k:closing  kE:flushed  k:owing -       -       E:flushed resumed   E:quiet
settled   Ek:started k:closing  kE:flushed  k:ended -       E:quiet E:flushed resumed   E:quiet
owing     k:started  Sk:guessed k:ended     -       -       -       -         repeating -
ended     k:started  Sk:guessed k:ended     -       -       -       -         quiet     -
resumed   started    k:guessed  k:said      k:owing closing -       -         -         E:quiet
repeating repeated   -          k:ended     -       -       -       -         -         -
repeated  -          -          k:ended     owing   -       -       -         repeating -
"""
_STEPS = {"S": Step.ADD_START, "k": Step.KEEP, "E": Step.ADD_END}
_Move = tuple[tuple[Step, ...], Segment]


def _moves(cells: list[str], signals: list[str]) -> Iterator[tuple[Signal, _Move]]:
    for cell, signal in zip(cells, signals, strict=True):
        if cell != "-":
            steps, _, target = cell.rpartition(":")
            yield Signal[signal], (tuple(_STEPS[each] for each in steps), Segment(target))


def _table() -> dict[Segment, dict[Signal, _Move]]:
    (_, *signals), *rows = (line.split() for line in _ROWS.strip().splitlines())
    return {Segment(state): dict(_moves(cells, signals)) for state, *cells in rows}


TABLE = _table()


@dataclass(slots=True, eq=False)
class Grammar:
    """The state of one channel; every signal goes through `accept`."""

    segment: Segment = Segment.QUIET

    def accept(self, signal: Signal) -> tuple[Step, ...]:
        """Move on, and return what is to be let out, in order."""
        steps, self.segment = TABLE[self.segment].get(signal, ((), self.segment))
        return steps

    def expect_no_repeat(self) -> None:
        """Take what comes for new: it lies behind the segment that has ended."""
        if self.segment in (Segment.REPEATING, Segment.REPEATED):
            self.segment = Segment.ENDED
