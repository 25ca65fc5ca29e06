"""What is made side by side, given on one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ("InOrder", "Turn")

T = TypeVar("T")


class InOrder(Generic[T]):
    """
    Takes items of several turns at once, and passes on those of the first turn that is not over.

    The items of the others wait for theirs.

    Args:
        take: is given each item.
    """

    def __init__(self, take: Callable[[T], object]) -> None:
        self._take = take
        self._waiting: dict[int, list[T]] = {}
        self._done: set[int] = set()
        self._now = 0
        self._next = 0

    def turn(self) -> Turn[T]:
        """Return the turn after the last one."""
        self._next += 1
        return Turn(self, self._next - 1)

    def put(self, number: int, item: T) -> None:
        """Take *item* of a turn."""
        if number == self._now:
            self._take(item)
        else:
            self._waiting.setdefault(number, []).append(item)

    def done(self, number: int) -> None:
        """End a turn; what waits of the next is passed on."""
        self._done.add(number)
        while self._now in self._done:
            self._done.discard(self._now)
            self._now += 1
            for item in self._waiting.pop(self._now, []):
                self._take(item)


class Turn(Generic[T]):
    """One turn of several; `put` items, then say `done`."""

    def __init__(self, order: InOrder[T], number: int) -> None:
        self._order = order
        self._number = number

    def put(self, item: T) -> None:
        """Pass *item* on when the turn has come."""
        self._order.put(self._number, item)

    def done(self) -> None:
        """Give the turn to the next."""
        self._order.done(self._number)
