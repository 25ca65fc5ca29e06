"""Where something computes, so that the event loop does not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

__all__ = ("WorkerThreads",)

T = TypeVar("T")


class WorkerThreads:
    """
    A limited number of worker threads, for each event loop that uses them.

    Engines and detectors may be used on several loops, one after the other or in threads, but a
    capacity limiter belongs to one loop.

    Args:
        most: how many streams may compute at the same time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limiters: RunVar[CapacityLimiter] = RunVar("anyio_stt_worker_threads")

    @property
    def limiter(self) -> CapacityLimiter:
        """The limiter of the running event loop; its statistics tell what waits."""
        try:
            return self._limiters.get()
        except LookupError:
            limiter = CapacityLimiter(self._most)
            self._limiters.set(limiter)
            return limiter

    async def run(self, compute: Callable[..., T], *args: object) -> T:
        """
        Call *compute* with *args* in a thread and return its result.

        Cancelled, it waits until *compute* has ended, so that no thread outlives a stream's block:
        *compute* should take milliseconds.
        """
        return await to_thread.run_sync(compute, *args, limiter=self.limiter)
