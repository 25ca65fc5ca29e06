"""Work on many items, so many at a time, its results as they are there."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
from anyio.abc import TaskGroup

from .._core.channel import Channel
from .._util.failures import sole_error

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ("SideBySide",)

T = TypeVar("T")
R = TypeVar("R")


class SideBySide(Generic[T, R]):
    """
    Iterates what *work* makes of each item, in the order in which it is done.

    Nothing runs ahead: an item is taken when there is a place to work on it, and a result that
    nobody has read keeps its place. Leaving the block cancels what is under way.

    Args:
        items: what to work on; read by one task at a time, no further than there are places.
        work: is awaited with each; what it raises ends everything and is raised as itself.
        jobs: how many places there are.

    Raises:
        ValueError: when *jobs* is less than 1.
    """

    def __init__(
        self,
        items: Iterable[T] | AsyncIterable[T],
        work: Callable[[T], Awaitable[R]],
        *,
        jobs: int,
    ) -> None:
        if jobs < 1:
            raise ValueError(f"jobs must be 1 or more, got {jobs!r}")
        self._items: Iterator[T] | AsyncIterator[T] = (
            aiter(items) if isinstance(items, AsyncIterable) else iter(items)
        )
        self._work = work
        self._failure: BaseException | None = None
        self._scope = anyio.CancelScope()
        self._group: TaskGroup | None = None
        # A result keeps the place of its item until it is read, so there are no more than places.
        self._places = anyio.Semaphore(jobs)
        self._results = Channel[R]()

    async def __aenter__(self) -> Self:
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._group.start_soon(self._run)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # As in a stream: cancelling the work's scope, not the group's, leaves the body's own
        # exception and its cancellation what they are.
        assert self._group is not None
        self._scope.cancel()
        await self._group.__aexit__(None, None, None)
        if exc is None and self._failure is not None:
            raise self._take_failure()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> R:
        """
        Return the next result; cancellation loses none.

        Raises:
            Exception: once, after the results that were there before, what *work* failed with;
                or, after all results, what the iteration of the items failed with.
        """
        try:
            result = await self._results.receive()
        except anyio.EndOfStream:
            if self._failure is not None:
                raise self._take_failure() from None
            raise StopAsyncIteration from None
        self._places.release()
        return result

    def _take_failure(self) -> BaseException:
        failure, self._failure = self._failure, None
        assert failure is not None
        return failure

    async def _run(self) -> None:
        try:
            with self._scope:
                async with anyio.create_task_group() as tasks:
                    await self._start_all(tasks)
        except BaseException as exc:  # kept for whoever iterates
            error = sole_error(exc)
            if isinstance(error, anyio.get_cancelled_exc_class()):
                raise
            self._failure = error
        finally:
            self._results.end()

    async def _start_all(self, tasks: TaskGroup) -> None:
        """Start work on item after item, as places become free."""
        while True:
            await self._places.acquire()
            try:
                item = await self._next()
            except StopAsyncIteration:
                return
            except Exception as exc:  # noqa: BLE001 - raised after the last result
                self._failure = exc
                return
            tasks.start_soon(self._one, item)

    async def _next(self) -> T:
        if isinstance(self._items, AsyncIterator):
            return await anext(self._items)
        for item in self._items:
            return item
        raise StopAsyncIteration

    async def _one(self, item: T) -> None:
        self._results.put(await self._work(item))
