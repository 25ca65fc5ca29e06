"""Which errors say that the audio is at fault, and not the engine or the way to it."""

from __future__ import annotations

from ..exceptions import APIStatusError

__all__ = ("is_refusal",)

_REFUSED = frozenset({400, 413, 415, 422})


def is_refusal(error: BaseException) -> bool:
    """Whether *error* refuses a recording for good: it would refuse it again."""
    return isinstance(error, APIStatusError) and error.status_code in _REFUSED
