"""The output of a stream: events wait here for the consumer, and never hold up the engine."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio
from anyio.lowlevel import checkpoint

from .channel import Channel

__all__ = ("Delivery",)

EventT = TypeVar("EventT")

_BATCH = 64
"""How many events a consumer may take without a checkpoint."""


@dataclass(slots=True, eq=False)
class _Slot(Generic[EventT]):
    """Holds one event; what a guess waits in can be written over until it was read."""

    event: EventT
    read: bool = False


@dataclass(slots=True, eq=False)
class Delivery(Generic[EventT]):
    """
    Keeps events until they are read, then the failure, then the end.

    Args:
        is_guess: tells an event that a newer one of its kind replaces while nobody has read it.
        is_aside: tells an event that may stand between two such without parting them.
        lane_of: events of different lanes neither replace nor part one another's guesses.
    """

    is_guess: Callable[[EventT], bool]
    is_aside: Callable[[EventT], bool]
    lane_of: Callable[[EventT], Hashable] = lambda _: None
    closed: bool = False
    iterated: bool = False
    _channel: Channel[_Slot[EventT]] = field(default_factory=Channel)
    _guesses: dict[Hashable, _Slot[EventT]] = field(default_factory=dict)
    _failure: BaseException | None = None
    _busy: bool = False
    _taken: int = 0  # events since the last checkpoint

    @property
    def unread(self) -> int:
        """Events waiting to be read."""
        return self._channel.count

    def put(self, event: EventT) -> None:
        """Add *event*; never blocks."""
        if self.is_guess(event):
            lane = self.lane_of(event)
            slot = self._guesses.get(lane)
            if slot is not None and not slot.read:
                slot.event = event
                return
            slot = self._guesses[lane] = _Slot(event)
        else:
            slot = _Slot(event)
            if self._guesses and not self.is_aside(event):
                self._guesses.pop(self.lane_of(event), None)
        self._channel.put(slot)

    def close(self, failure: BaseException | None = None) -> None:
        """Say that nothing more comes, and why; only the first call counts."""
        if not self.closed:
            self.closed = True
            self._failure = failure
            self._channel.end()

    def take_failure(self) -> BaseException | None:
        """Return the failure that nobody has seen yet, once."""
        failure, self._failure = self._failure, None
        return failure

    async def next(self) -> EventT:
        """
        Return the next event; cancellation loses none.

        Raises:
            anyio.BusyResourceError: when another task is waiting for one.
            StopAsyncIteration: when there are no more.
            Exception: the failure, once, when the events before it have been read.
        """
        if self._busy:
            raise anyio.BusyResourceError("iterating")
        self.iterated = True
        self._taken += 1
        channel = self._channel
        if not channel.count or self._taken >= _BATCH:
            self._busy = True
            try:  # no method: on each wake-up, each level of coroutines costs
                if channel.count or self.closed:
                    await checkpoint()
                while not channel.count and not self.closed:
                    await channel.arrival()
            finally:
                self._busy = False
            self._taken = 0
        if not channel.count:
            raise self.take_failure() or StopAsyncIteration()
        channel.count -= 1  # `take`, without the call
        slot = channel.pop()
        slot.read = True
        return slot.event
