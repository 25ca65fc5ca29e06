"""Waiting for something to be there, cheap enough to do for every frame of audio."""

from __future__ import annotations

from collections.abc import Awaitable

import anyio

__all__ = ("Wakeup",)


class Wakeup:
    """
    Wakes the one task that waits; a call that finds nobody waiting is free.

    A memory object stream would do, but a reader that waits on one passes the event loop twice
    and builds an event and a task info; the benchmarks show what that costs with many streams.
    A semaphore that hands over at once is the cheapest thing to wait for on every event loop.
    Whoever waits looks again afterwards: a cancelled wait can leave a call behind.
    """

    __slots__ = ("_semaphore", "waiting")

    def __init__(self) -> None:
        self._semaphore: anyio.Semaphore | None = None
        self.waiting = False

    def wait(self) -> Awaitable[None]:
        """Return what to await until the next `call`."""
        if self._semaphore is None:  # it takes a kilobyte, and not every stream is waited for
            self._semaphore = anyio.Semaphore(0, fast_acquire=True)
        self.waiting = True
        return self._semaphore.acquire()

    def call(self) -> None:
        """Wake the waiting task, if there is one."""
        if self.waiting and self._semaphore is not None:
            self.waiting = False
            self._semaphore.release()
