"""Why the attempt of one member of a fallback ends, and another one's follows."""

from __future__ import annotations

from dataclasses import dataclass

from ..exceptions import APIConnectionError

__all__ = ("Left", "SwitchError")


class SwitchError(APIConnectionError):
    """Ends an attempt, so that the next is another member's."""


@dataclass(slots=True)
class Left:
    """
    A member that is heard no more, though it has not failed.

    Args:
        why: what it refused or lost.
        start: where that begins, on the attempt's clock.
        unread: how many events it had said before it that are not heard yet.
    """

    why: SwitchError
    start: float
    unread: int

    def takes_one_said_before(self) -> bool:
        """Count one of its events; return whether it was said before."""
        self.unread -= 1
        return self.unread >= 0
