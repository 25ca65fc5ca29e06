"""
The order of events, as a table: `(START (INTERIM | PREFLIGHT | FINAL)* END)*`.

An engine says what it can, and what it leaves out is completed here: a START before the first
transcript, an END when the segment is over. What a new attempt repeats is left out. A FINAL may
come after the END of its own segment, from engines that mark segments themselves.
"""

from __future__ import annotations

from enum import Enum

from ..events import SpeechEventType

__all__ = ("SIGNALS", "TABLE", "Grammar", "Signal", "Step", "Talk")


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


class Talk(str, Enum):
    """Where the conversation is."""

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


SIGNALS = {
    SpeechEventType.START_OF_SPEECH: Signal.START,
    SpeechEventType.INTERIM_TRANSCRIPT: Signal.INTERIM,
    SpeechEventType.PREFLIGHT_TRANSCRIPT: Signal.INTERIM,
    SpeechEventType.FINAL_TRANSCRIPT: Signal.FINAL,
    SpeechEventType.END_OF_SPEECH: Signal.END,
}

_Row = dict[Signal, tuple[tuple[Step, ...], Talk]]
_START, _KEEP, _END = (Step.ADD_START,), (Step.KEEP,), (Step.ADD_END,)

# A signal that a row does not name leaves the state as it is and lets nothing out.
TABLE: dict[Talk, _Row] = {
    Talk.QUIET: {
        Signal.START: (_KEEP, Talk.STARTED),
        Signal.INTERIM: (_START + _KEEP, Talk.GUESSED),
        Signal.FINAL: (_START + _KEEP, Talk.SAID),
        Signal.MARKER: ((), Talk.FLUSHED),
    },
    Talk.FLUSHED: {
        Signal.START: (_KEEP, Talk.STARTED),
        Signal.INTERIM: (_START + _KEEP, Talk.CLOSING),
        Signal.FINAL: (_START + _KEEP + _END, Talk.FLUSHED),
        Signal.AUDIO: ((), Talk.QUIET),
        Signal.RETRY: ((), Talk.QUIET),
    },
    Talk.STARTED: {
        Signal.INTERIM: (_KEEP, Talk.STARTED),
        Signal.FINAL: (_KEEP, Talk.SPOKEN),
        Signal.END: (_KEEP, Talk.OWING),
        Signal.RETRY: ((), Talk.RESUMED),
        Signal.STOP: (_END, Talk.QUIET),
    },
    Talk.SPOKEN: {
        Signal.START: (_END + _KEEP, Talk.STARTED),
        Signal.INTERIM: (_KEEP, Talk.SPOKEN),
        Signal.FINAL: (_KEEP, Talk.SPOKEN),
        Signal.END: (_KEEP, Talk.ENDED),
        Signal.RETRY: ((), Talk.RESUMED),
        Signal.STOP: (_END, Talk.QUIET),
    },
    Talk.GUESSED: {
        Signal.START: ((), Talk.STARTED),
        Signal.INTERIM: (_KEEP, Talk.GUESSED),
        Signal.FINAL: (_KEEP, Talk.SAID),
        Signal.END: (_KEEP, Talk.OWING),
        Signal.MARKER: ((), Talk.CLOSING),
        Signal.RETRY: ((), Talk.RESUMED),
        Signal.STOP: (_END, Talk.QUIET),
    },
    Talk.SAID: {
        Signal.START: (_END + _KEEP, Talk.STARTED),
        Signal.INTERIM: (_KEEP, Talk.GUESSED),
        Signal.FINAL: (_KEEP, Talk.SAID),
        Signal.END: (_KEEP, Talk.ENDED),
        Signal.MARKER: ((), Talk.SETTLED),
        Signal.RETRY: ((), Talk.RESUMED),
        Signal.STOP: (_END, Talk.QUIET),
    },
    Talk.CLOSING: {
        Signal.START: ((), Talk.STARTED),
        Signal.INTERIM: (_KEEP, Talk.CLOSING),
        Signal.FINAL: (_KEEP + _END, Talk.FLUSHED),
        Signal.END: (_KEEP, Talk.OWING),
        Signal.RETRY: ((), Talk.RESUMED),
        Signal.STOP: (_END, Talk.QUIET),
    },
    Talk.SETTLED: {
        Signal.START: (_END + _KEEP, Talk.STARTED),
        Signal.INTERIM: (_KEEP, Talk.CLOSING),
        Signal.FINAL: (_KEEP + _END, Talk.FLUSHED),
        Signal.END: (_KEEP, Talk.ENDED),
        Signal.AUDIO: (_END, Talk.QUIET),
        Signal.RETRY: ((), Talk.RESUMED),
        Signal.STOP: (_END, Talk.QUIET),
    },
    Talk.OWING: {
        Signal.START: (_KEEP, Talk.STARTED),
        Signal.INTERIM: (_START + _KEEP, Talk.GUESSED),
        Signal.FINAL: (_KEEP, Talk.ENDED),
        Signal.RETRY: ((), Talk.REPEATING),
    },
    Talk.ENDED: {
        Signal.START: (_KEEP, Talk.STARTED),
        Signal.INTERIM: (_START + _KEEP, Talk.GUESSED),
        Signal.FINAL: (_KEEP, Talk.ENDED),
        Signal.RETRY: ((), Talk.QUIET),
    },
    Talk.RESUMED: {
        Signal.START: ((), Talk.STARTED),
        Signal.INTERIM: (_KEEP, Talk.GUESSED),
        Signal.FINAL: (_KEEP, Talk.SAID),
        Signal.END: (_KEEP, Talk.OWING),
        Signal.MARKER: ((), Talk.CLOSING),
        Signal.STOP: (_END, Talk.QUIET),
    },
    Talk.REPEATING: {
        Signal.FINAL: (_KEEP, Talk.ENDED),
    },
}


class Grammar:
    """The state of one conversation; every signal goes through `accept`."""

    __slots__ = ("talk",)

    def __init__(self) -> None:
        self.talk = Talk.QUIET

    def accept(self, signal: Signal) -> tuple[Step, ...]:
        """Move on, and return what is to be let out, in order."""
        steps, self.talk = TABLE[self.talk].get(signal, ((), self.talk))
        return steps
