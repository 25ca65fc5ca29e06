"""The event loops, as the workloads use them: the same few calls on each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from .kit import Group, Kit

__all__ = ("AsyncioKit",)

T = TypeVar("T")


class _Tasks:
    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[Any]] = []

    def start_soon(self, function: Callable[..., Awaitable[Any]], *args: Any) -> None:
        self.tasks.append(asyncio.ensure_future(function(*args)))


class AsyncioKit(Kit):
    """Plain asyncio."""

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        async def wrapped() -> T:
            return await main()

        return asyncio.run(wrapped())

    async def pause(self) -> None:
        await asyncio.sleep(0)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @asynccontextmanager
    async def group(self) -> AsyncIterator[Group]:
        tasks = _Tasks()
        try:
            yield tasks
        finally:
            for task in tasks.tasks:
                task.cancel()
            await asyncio.gather(*tasks.tasks, return_exceptions=True)
