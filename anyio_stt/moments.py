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


class TurnDetector(Protocol):
    """
    Tells how likely it is that a turn is over; anything with this one method.

    It is called in a thread of its own, for one question of a stream at a time; one detector may
    be asked by several streams at once. A late answer is none, and so is what it raises or what
    is no probability: silence decides then.
    """

    def judge(self, audio: AudioFrame, text: str, language: str, silence: float) -> float:
        """
        Return the probability that somebody has finished, 0 to 1.

        Args:
            audio: the last 8 seconds at most, one channel at 16 kHz, the silence included. Of
                a stream that is heard anew after a failure, what the new attempt has heard.
            text: what was said in this turn so far, by its finals.
            language: language tag, where the engine tells.
            silence: seconds that nobody has spoken.
        """
