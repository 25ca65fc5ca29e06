"""How much at once, for each key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from ..wire.server_session import ClientError
from .options import ServerOptions

__all__ = ("BusyError", "Limits")


class BusyError(ClientError):
    """Raised when no more fits in; `retry_after` says when to ask again, in seconds."""

    def __init__(self, message: str, *, retry_after: int, status: int = 429) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class Limits:
    """
    Counts the streams of each key.

    Args:
        options: how many there may be.
    """

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._places: dict[str, anyio.Semaphore] = {}
        self._waiting: dict[str, int] = defaultdict(int)

    @asynccontextmanager
    async def place(self, owner: str, *, waits: bool = False) -> AsyncGenerator[None, None]:
        """
        Hold a place for one stream or recording, for the time of the block.

        Args:
            owner: whose it is.
            waits: whether it may wait for a place.

        Raises:
            BusyError: when there is none.
        """
        options = self._options
        places = self._places.setdefault(owner, anyio.Semaphore(options.max_streams))
        try:
            places.acquire_nowait()
        except anyio.WouldBlock:
            if not waits or self._waiting[owner] >= options.max_queue:
                raise self._busy(5) from None
            await self._wait(owner, places)
        try:
            yield
        finally:
            places.release()

    async def _wait(self, owner: str, places: anyio.Semaphore) -> None:
        self._waiting[owner] += 1
        try:
            with anyio.fail_after(self._options.queue_timeout):
                await places.acquire()
        except TimeoutError:
            raise self._busy(round(self._options.queue_timeout) or 1) from None
        finally:
            self._waiting[owner] -= 1

    def _busy(self, retry_after: int) -> BusyError:
        return BusyError(
            f"{self._options.max_streams} streams run already, the most for one key; try again "
            f"in {retry_after} s",
            retry_after=retry_after,
        )
