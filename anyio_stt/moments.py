"""The moments of a turn in a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from .audio.frame import AudioFrame

__all__ = (
    "EagerEndOfTurn",
    "EndOfTurn",
    "StartOfTurn",
    "TurnDetector",
    "TurnMoment",
    "TurnResumed",
)


@dataclass(frozen=True, slots=True)
class StartOfTurn:
    """
    Somebody began to speak, in words: an agent that speaks stops now.

    Args:
        time: where in the audio the turn begins, in seconds.
        text: the words so far, which may still change.
        channel: on which channel, from engines that hear channels apart.
    """

    time: float
    text: str
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class EagerEndOfTurn:
    """
    The turn may be over: start to think. `EndOfTurn` follows with this text, or `TurnResumed`.

    Args:
        text: what was said so far.
        start_time: where the turn begins, in seconds.
        end_time: where its last words end.
        channel: likewise.
    """

    text: str
    start_time: float
    end_time: float
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class TurnResumed:
    """
    The turn was not over: drop what `EagerEndOfTurn` started.

    Args:
        time: where in the audio it goes on, in seconds.
        channel: likewise.
    """

    time: float
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class EndOfTurn:
    """
    The turn is over: answer now. Nothing of its text changes later.

    Args:
        text: everything that was said; empty if no final came.
        start_time: where the turn begins, in seconds.
        end_time: where its last words end.
        language: language tag, where the engine tells.
        channel: likewise.
    """

    text: str
    start_time: float
    end_time: float
    language: str = ""
    channel: int | None = None


TurnMoment: TypeAlias = StartOfTurn | EagerEndOfTurn | TurnResumed | EndOfTurn
"""What `RecognizeStream.turns()` gives."""


class TurnDetector(Protocol):
    """
    Tells how likely it is that a turn is over; anything with this one method.

    `judge` runs in a thread of its own, once at a time for each stream; several streams may share a
    detector. If it answers late, raises, or returns something else than a probability, silence
    decides.
    """

    def judge(self, audio: AudioFrame, text: str, language: str, silence: float) -> float:
        """
        Return the probability that somebody has finished, 0 to 1.

        Args:
            audio: at most the last 8 seconds, one channel at 16 kHz, silence included. After a
                failed attempt, only what the new attempt has read.
            text: the finals of this turn so far.
            language: language tag, where the engine tells.
            silence: seconds since somebody spoke.
        """
