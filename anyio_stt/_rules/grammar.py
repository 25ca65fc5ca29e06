"""
The order of events, as a table: `(START (INTERIM | PREFLIGHT | FINAL)* END)*`.

An engine says what it can, and what it leaves out is completed here: a START before the first
transcript, an END when the segment is over. What a new attempt repeats is left out. A FINAL may
come after the END of its own segment, from engines that mark segments themselves.
"""

from __future__ import annotations

from enum import Enum

from ..events import SpeechEventType

__all__ = ("SIGNALS", "TABLE", "Grammar", "Segment", "Signal", "Step")


class Signal(str, Enum):
    """What the grammar is told."""

    START = "START"
    INTERIM = "INTERIM"  # PREFLIGHT too
    FINAL = "FINAL"
    END = "END"
    MARKER = "marker read"  # the engine took a flush marker
    AUDIO = "audio read"  # the engine took the first audio after a marker
    RETRY = "retry"
    STOP = "stop"  # the engine will say nothing more


class Step(str, Enum):
    """What it answers."""

    ADD_START = "add START"
    KEEP = "keep"
    ADD_END = "add END"


class Segment(str, Enum):
    """Where a segment of speech is."""

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

_Row = dict[Signal, tuple[tuple[Step, ...], Segment]]
_START, _KEEP, _END = (Step.ADD_START,), (Step.KEEP,), (Step.ADD_END,)

# A signal that a row does not name leaves the state as it is and lets nothing out.
TABLE: dict[Segment, _Row] = {
    Segment.QUIET: {
        Signal.START: (_KEEP, Segment.STARTED),
        Signal.INTERIM: (_START + _KEEP, Segment.GUESSED),
        Signal.FINAL: (_START + _KEEP, Segment.SAID),
        Signal.MARKER: ((), Segment.FLUSHED),
    },
    Segment.FLUSHED: {
        Signal.START: (_KEEP, Segment.STARTED),
        Signal.INTERIM: (_START + _KEEP, Segment.CLOSING),
        Signal.FINAL: (_START + _KEEP + _END, Segment.FLUSHED),
        Signal.AUDIO: ((), Segment.QUIET),
        Signal.RETRY: ((), Segment.QUIET),
    },
    Segment.STARTED: {
        Signal.INTERIM: (_KEEP, Segment.STARTED),
        Signal.FINAL: (_KEEP, Segment.SPOKEN),
        Signal.END: (_KEEP, Segment.OWING),
        Signal.RETRY: ((), Segment.RESUMED),
        Signal.STOP: (_END, Segment.QUIET),
    },
    Segment.SPOKEN: {
        Signal.START: (_END + _KEEP, Segment.STARTED),
        Signal.INTERIM: (_KEEP, Segment.SPOKEN),
        Signal.FINAL: (_KEEP, Segment.SPOKEN),
        Signal.END: (_KEEP, Segment.ENDED),
        Signal.RETRY: ((), Segment.RESUMED),
        Signal.STOP: (_END, Segment.QUIET),
    },
    Segment.GUESSED: {
        Signal.START: ((), Segment.STARTED),
        Signal.INTERIM: (_KEEP, Segment.GUESSED),
        Signal.FINAL: (_KEEP, Segment.SAID),
        Signal.END: (_KEEP, Segment.OWING),
        Signal.MARKER: ((), Segment.CLOSING),
        Signal.RETRY: ((), Segment.RESUMED),
        Signal.STOP: (_END, Segment.QUIET),
    },
    Segment.SAID: {
        Signal.START: (_END + _KEEP, Segment.STARTED),
        Signal.INTERIM: (_KEEP, Segment.GUESSED),
        Signal.FINAL: (_KEEP, Segment.SAID),
        Signal.END: (_KEEP, Segment.ENDED),
        Signal.MARKER: ((), Segment.SETTLED),
        Signal.RETRY: ((), Segment.RESUMED),
        Signal.STOP: (_END, Segment.QUIET),
    },
    Segment.CLOSING: {
        Signal.START: ((), Segment.STARTED),
        Signal.INTERIM: (_KEEP, Segment.CLOSING),
        Signal.FINAL: (_KEEP + _END, Segment.FLUSHED),
        Signal.END: (_KEEP, Segment.OWING),
        Signal.RETRY: ((), Segment.RESUMED),
        Signal.STOP: (_END, Segment.QUIET),
    },
    Segment.SETTLED: {
        Signal.START: (_END + _KEEP, Segment.STARTED),
        Signal.INTERIM: (_KEEP, Segment.CLOSING),
        Signal.FINAL: (_KEEP + _END, Segment.FLUSHED),
        Signal.END: (_KEEP, Segment.ENDED),
        Signal.AUDIO: (_END, Segment.QUIET),
        Signal.RETRY: ((), Segment.RESUMED),
        Signal.STOP: (_END, Segment.QUIET),
    },
    Segment.OWING: {
        Signal.START: (_KEEP, Segment.STARTED),
        Signal.INTERIM: (_START + _KEEP, Segment.GUESSED),
        Signal.FINAL: (_KEEP, Segment.ENDED),
        Signal.RETRY: ((), Segment.REPEATING),
    },
    Segment.ENDED: {
        Signal.START: (_KEEP, Segment.STARTED),
        Signal.INTERIM: (_START + _KEEP, Segment.GUESSED),
        Signal.FINAL: (_KEEP, Segment.ENDED),
        Signal.RETRY: ((), Segment.QUIET),
    },
    Segment.RESUMED: {
        Signal.START: ((), Segment.STARTED),
        Signal.INTERIM: (_KEEP, Segment.GUESSED),
        Signal.FINAL: (_KEEP, Segment.SAID),
        Signal.END: (_KEEP, Segment.OWING),
        Signal.MARKER: ((), Segment.CLOSING),
        Signal.STOP: (_END, Segment.QUIET),
    },
    Segment.REPEATING: {
        Signal.START: ((), Segment.REPEATED),
        Signal.FINAL: (_KEEP, Segment.ENDED),
    },
    Segment.REPEATED: {
        Signal.END: ((), Segment.OWING),
        Signal.FINAL: (_KEEP, Segment.ENDED),
        Signal.RETRY: ((), Segment.REPEATING),
    },
}


class Grammar:
    """The state of one channel; every signal goes through `accept`."""

    __slots__ = ("segment",)

    def __init__(self) -> None:
        self.segment = Segment.QUIET

    def accept(self, signal: Signal) -> tuple[Step, ...]:
        """Move on, and return what is to be let out, in order."""
        steps, self.segment = TABLE[self.segment].get(signal, ((), self.segment))
        return steps

    def expect_no_repeat(self) -> None:
        """Take what comes for new: it lies behind the segment that has ended."""
        if self.segment in (Segment.REPEATING, Segment.REPEATED):
            self.segment = Segment.ENDED
