"""What an attempt of a fake engine can do, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, Union

from ..events import SpeechEvent
from .heard import Heard

__all__ = (
    "Delay",
    "Fail",
    "Hang",
    "Hear",
    "HearAll",
    "HearMarker",
    "Repeat",
    "Say",
    "Step",
    "Swallow",
)


@dataclass(frozen=True, slots=True)
class Hear:
    """
    Read until the attempt has read this much audio, or the input ends.

    Args:
        seconds: counted from the attempt's first sample, not from the step before.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class HearMarker:
    """Read up to and including the next flush marker, or until the input ends."""


@dataclass(frozen=True, slots=True)
class HearAll:
    """Read until the input ends."""


@dataclass(frozen=True, slots=True)
class Say:
    """
    Send an event.

    Args:
        event: the event, with times counted from the attempt's first sample; or a function that
            makes one of what the attempt has heard.
    """

    event: SpeechEvent | Callable[[Heard], SpeechEvent]


@dataclass(frozen=True, slots=True)
class Fail:
    """Raise *error*."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Hang:
    """Do nothing until cancelled."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Do nothing for some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Swallow:
    """Do nothing for some seconds, and ignore cancellation meanwhile."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Repeat:
    """
    Play steps again and again until the input has ended.

    Args:
        steps: one of them must hear something.
    """

    steps: Sequence[Step]


Step: TypeAlias = Union[Hear, HearMarker, HearAll, Say, Fail, Hang, Delay, Swallow, Repeat]
"""What an attempt can do."""
