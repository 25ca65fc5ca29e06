"""The worker processes of one STT: so many and no more, used again, all ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from ..exceptions import APIConnectionError, APITimeoutError
from .process import WorkerProcess
from .wire import Kind, Message

__all__ = ("PoolStatistics", "WorkerPool", "begin_message")


@dataclass(frozen=True)
class PoolStatistics:
    """
    How busy the workers are.

    Args:
        max_workers: how many there may be.
        busy: how many recognise now.
        idle: how many are loaded and wait for work.
        waiting: how many streams and recordings wait for their turn.
        started: how many processes were started so far.
    """

    max_workers: int
    busy: int
    idle: int
    waiting: int
    started: int


class WorkerPool:
    """
    Hands out worker processes, and bounds them.

    A worker belongs to the block that uses it. One that was left in order is kept for the next
    block while `keep` is set; any other is killed, and waited for, before the block ends.

    Args:
        name: what errors call the engine.
        start: starts a worker.
        max_workers: how many there may be at a time.
        turn_timeout: how many seconds to wait for one of them.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[], Awaitable[WorkerProcess]],
        max_workers: int,
        turn_timeout: float,
    ) -> None:
        self._name = name
        self._start = start
        self._max_workers = max_workers
        self._turn_timeout = turn_timeout
        self._turns: anyio.Semaphore | None = None  # made on the loop that uses it
        self._idle: list[WorkerProcess] = []
        self._busy = 0
        self._waiting = 0
        self._started = 0
        self.keep: bool = False

    def statistics(self) -> PoolStatistics:
        """Return how busy the workers are, as a frozen snapshot."""
        return PoolStatistics(
            self._max_workers, self._busy, len(self._idle), self._waiting, self._started
        )

    @property
    def full(self) -> bool:
        """Whether the next block will have to wait for its turn."""
        return self._busy + self._waiting >= self._max_workers

    @asynccontextmanager
    async def worker(
        self, *, interims: bool, whole: bool = False, told: Mapping[str, Any] | None = None
    ) -> AsyncIterator[WorkerProcess]:
        """
        Wait for a turn, and lend a worker that listens to a new stream.

        Args:
            interims: whether it shall guess at what is being said.
            whole: whether a whole recording follows, for engines to which that matters.
            told: what else the session is told: options that were changed.

        Raises:
            APITimeoutError: when no worker became free in time; not retryable.
            APIError: when a worker cannot be started.
        """
        turns = self._turns = self._turns or anyio.Semaphore(self._max_workers)
        await self._wait_turn(turns)
        self._busy += 1
        try:
            worker = await self._begin(begin_message(interims, whole, told))
            async with _lent(worker):
                yield worker
            if self.keep and worker.alive:
                self._idle.append(worker)
            else:
                await worker.kill()
        finally:
            self._busy -= 1
            turns.release()

    async def aclose(self) -> None:
        """End the workers that nobody uses; those in use end with their block."""
        self.keep = False
        idle, self._idle = self._idle, []
        async with anyio.create_task_group() as task_group:
            for worker in idle:
                task_group.start_soon(worker.kill)

    async def _wait_turn(self, turns: anyio.Semaphore) -> None:
        self._waiting += 1
        try:
            with anyio.move_on_after(self._turn_timeout):
                await turns.acquire()
                return
        finally:
            self._waiting -= 1
        raise APITimeoutError(
            f"no {self._name} worker became free within turn_timeout={self._turn_timeout:g} s; "
            f"raise max_workers={self._max_workers}, or open fewer streams at a time",
            retryable=False,
        )

    async def _begin(self, begin: Message) -> WorkerProcess:
        """Return an idle worker, or a new one, that has begun a session."""
        while True:
            used = bool(self._idle)
            worker = self._idle.pop() if used else await self._start()
            self._started += not used
            try:
                await worker.send(begin)
                await worker.expect(Kind.READY)
            except BaseException as exc:
                await worker.kill()
                if used and isinstance(exc, APIConnectionError):
                    continue  # it died while it was idle
                raise
            return worker


def begin_message(interims: bool, whole: bool, told: Mapping[str, Any] | None = None) -> Message:
    """Return the message that begins a stream, or a whole recording."""
    fields = {"interims": interims, "whole": True} if whole else {"interims": interims}
    return Message(Kind.BEGIN, fields={**fields, **(told or {})})


@asynccontextmanager
async def _lent(worker: WorkerProcess) -> AsyncIterator[None]:
    """Kill *worker* unless the block ends in order: what it would say next is not known."""
    try:
        yield
    except BaseException:
        await worker.kill()
        raise
