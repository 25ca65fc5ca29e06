"""The moments of a turn in a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ("EagerEndOfTurn", "EndOfTurn", "StartOfTurn", "TurnMoment", "TurnResumed")


@dataclass(frozen=True, slots=True)
class StartOfTurn:
    """
    Somebody began to speak, in words: an agent that speaks stops now.

    Args:
        time: where in the audio the turn begins, in seconds.
        text: the words that it took, as they were guessed.
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
    The turn was not over: forget what `EagerEndOfTurn` began.

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
        text: all that was said; empty when no final came of it.
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
