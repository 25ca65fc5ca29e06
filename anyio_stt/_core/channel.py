"""What carries audio, events and measurements between tasks: a memory object stream and a bell."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio
from anyio.abc import ObjectReceiveStream
from anyio.lowlevel import checkpoint
from anyio.streams.memory import MemoryObjectStreamStatistics

__all__ = ("Channel",)

T = TypeVar("T")


class Channel(ObjectReceiveStream[T], Generic[T]):
    """
    Items in, items out, in order; whoever finds none waits on a semaphore beside them.

    A memory object stream hands an item to the task that waits, and loses it when that task is
    cancelled natively before it wakes; and waiting there costs two passes of the event loop, an
    event and a task info. Here an item stays in the stream until it is taken, and a waiting task
    is woken by a semaphore that hands over at once: the cheapest thing to wait for on every loop.
    Whoever was woken looks again.
    """

    def __init__(self) -> None:
        self._send: Callable[[T], None] = self._open
        self.pop: Callable[[], T]
        """Return the next item; who calls it instead of `take` counts it."""
        self.count: int = 0
        """Items that wait to be taken."""
        self.ended: bool = False
        """Whether nothing more is put in."""
        self._closed = False
        self._waiting = 0  # tasks that wait, or were cancelled while they did
        self._bell: anyio.Semaphore | None = None

    def _open(self, item: T) -> None:
        """Make the stream for the first item: it takes a kilobyte, and an idle channel has none."""
        # No bound here, because whoever puts has one: `max_pending_audio` that of the input,
        # replaced guesses and what was finally said that of the output.
        self._sender, self._receiver = anyio.create_memory_object_stream[T](math.inf)
        self._send, self.pop = self._sender.send_nowait, self._receiver.receive_nowait
        self._send(item)

    def put(self, item: T) -> None:
        """Add *item* and wake who waits; raises `ClosedResourceError` after the end."""
        self._send(item)
        self.count += 1
        if self._waiting:
            self._wake()

    def take(self) -> T:
        """Return the next item; there is one."""
        self.count -= 1
        return self.pop()

    def arrival(self) -> Awaitable[None]:
        """Return what to await until something was put in, or the end; then look again."""
        if self._bell is None:  # it takes a kilobyte, and not every stream is waited for
            self._bell = anyio.Semaphore(0, fast_acquire=True)
        self._waiting += 1
        return self._bell.acquire()

    def end(self) -> None:
        """Say that nothing more comes; what is left can still be taken."""
        if not self.ended:
            self.ended = True
            if self._send != self._open:
                self.pop = deque(self.pop() for _ in range(self.count)).popleft
                self._sender.close()
                self._receiver.close()
            self._send = _refuse
        self.wake()

    def wake(self) -> None:
        """Have who waits look again."""
        while self._waiting:
            self._wake()

    def drain(self) -> list[T]:
        """Take all that is left, and end."""
        self.end()
        return [self.take() for _ in range(self.count)]

    def _wake(self) -> None:
        self._waiting -= 1
        assert self._bell is not None
        self._bell.release()

    # ---- as anyio has it

    async def receive(self) -> T:
        """
        Return the next item; cancellation loses none.

        Raises:
            anyio.EndOfStream: when nothing more comes.
            anyio.ClosedResourceError: after `aclose()`.
        """
        await checkpoint()
        while not self.count:
            self._check_open()
            await self.arrival()
        return self.take()

    def receive_nowait(self) -> T:
        """Return the next item if there is one, or raise `anyio.WouldBlock`."""
        if not self.count:
            self._check_open()
            raise anyio.WouldBlock
        return self.take()

    def _check_open(self) -> None:
        if self._closed:
            raise anyio.ClosedResourceError
        if self.ended:
            raise anyio.EndOfStream

    async def aclose(self) -> None:
        """Let go of everything."""
        self._closed = True
        self.drain()
        await checkpoint()

    def statistics(self) -> MemoryObjectStreamStatistics:
        """Return how many items wait, and who waits for them."""
        tasks = self._bell.statistics().tasks_waiting if self._bell is not None else 0
        ends = int(not self.ended)
        return MemoryObjectStreamStatistics(self.count, math.inf, ends, ends, 0, tasks)


def _refuse(_: object) -> None:
    raise anyio.ClosedResourceError
