"""What LiveKit's `agents.types` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, Union

from ...events import Word
from ...options import DEFAULT_API_CONNECT_OPTIONS as DEFAULT_API_CONNECT_OPTIONS
from ...options import APIConnectOptions as APIConnectOptions

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = (
    "DEFAULT_API_CONNECT_OPTIONS",
    "NOT_GIVEN",
    "APIConnectOptions",
    "NotGiven",
    "NotGivenOr",
    "TimedString",
    "is_given",
)

T = TypeVar("T")
TimedString = Word


class NotGiven:
    """The class of `NOT_GIVEN`, which is false."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"


NOT_GIVEN = NotGiven()
NotGivenOr = Union[T, NotGiven, None]
"""What may be left out. The base here passes `None` for it, which LiveKit's never does."""


def is_given(value: NotGivenOr[T]) -> TypeIs[T]:
    """Whether *value* was given: it is neither `NOT_GIVEN` nor `None`."""
    return value is not None and not isinstance(value, NotGiven)
