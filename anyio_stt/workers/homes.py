"""Where foreign code lives: in the caller's own asyncio loop, or in a thread with a loop for it."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

import anyio
from anyio.lowlevel import current_token

from ..audio.bell import Bell, Soon, soon_here
from ..exceptions import APIConnectionError
from .crossing import Crossing

__all__ = ("Home", "OwnThread", "SameLoop", "Session", "home_for")

_logger = logging.getLogger("anyio_stt")

T = TypeVar("T")
Play = Callable[[AsyncIterator[Any], Callable[..., None]], Awaitable[None]]


class Session(Protocol):
    """What the code at home shares, closed there when all is over."""

    async def aclose(self) -> None: ...


def home_for(label: str, *, thread: bool, grace: float, session: Session | None = None) -> Home:
    """Return where *label*'s code can live, seen from the running event loop."""
    asyncio_runs = hasattr(current_token().native_token, "call_soon_threadsafe")
    return SameLoop(session) if asyncio_runs and not thread else OwnThread(label, grace, session)


class Home(ABC):
    """
    Where code of another framework runs, which needs asyncio.

    Args:
        session: what it shares.
    """

    def __init__(self, session: Session | None = None) -> None:
        self._session = session

    async def _close_session(self) -> None:
        if self._session is not None:
            await self._session.aclose()

    @abstractmethod
    async def call(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run *function* where the plugin lives; cancelled, it is cancelled there."""

    @abstractmethod
    async def stream(
        self, play: Play, source: AsyncIterator[Any], say: Callable[..., None]
    ) -> None:
        """Run *play* where the plugin lives, with *source* to hear and *say* to tell."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the session, and end what belongs to the plugin alone."""


class SameLoop(Home):
    """The caller's own loop, which is asyncio's: nothing has to cross."""

    async def call(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        return await function(*args)

    async def stream(
        self, play: Play, source: AsyncIterator[Any], say: Callable[..., None]
    ) -> None:
        await play(source, say)

    async def aclose(self) -> None:
        await self._close_session()


class OwnThread(Home):
    """
    A thread with an asyncio loop of its own, begun when it is first needed.

    Args:
        label: the plugin's name.
        grace: seconds that a plugin may take to end when it is cancelled.
        session: what it shares.
    """

    def __init__(self, label: str, grace: float, session: Session | None = None) -> None:
        super().__init__(session)
        self._label = label
        self._grace = grace
        self._thread: threading.Thread | None = None
        self._changed = Bell()  # it runs, or it has ended
        self._soon: Soon | None = None
        self._group: Any = None
        self._stop: Any = None

    async def call(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        soon = await self._started()
        done, soon_home = anyio.Event(), soon_here()
        job: _Job[T] = _Job(function, args, lambda: soon_home(done.set))
        soon(lambda: self._group.start_soon(job.run))
        try:
            await done.wait()
        finally:
            if not done.is_set():
                soon(job.cancel)
                await self._bounded(done.wait, "ignores that it was cancelled")
        return job.outcome(self._label)

    async def stream(
        self, play: Play, source: AsyncIterator[Any], say: Callable[..., None]
    ) -> None:
        crossing = Crossing(soon_here(), say)
        async with anyio.create_task_group() as group:
            group.start_soon(crossing.pump, source)
            await self.call(play, crossing, crossing.say)
            group.cancel_scope.cancel()

    async def aclose(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None or self._soon is None:
            return
        self._soon(self._stop.set)
        if await self._bounded(self._until_it_ended, "does not let its thread end"):
            thread.join(self._grace)  # it has nothing left to do

    async def _started(self) -> Soon:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._main,
                name=f"{self._label} loop",
                daemon=True,  # a plugin that never ends must not hold up the program's end
            )
            self._thread.start()
        if self._soon is None:
            with anyio.fail_after(self._grace):
                await self._changed.wait_for(lambda: self._soon)
        assert self._soon is not None
        return self._soon

    async def _until_it_ended(self) -> None:
        await self._changed.wait_for(lambda: self._soon is None)

    def _main(self) -> None:
        try:
            anyio.run(self._serve, backend="asyncio")
        finally:
            self._soon = None
            self._changed.ring()

    async def _serve(self) -> None:
        """Run what `call` brings; in the thread."""
        self._stop = anyio.Event()
        async with anyio.create_task_group() as self._group:
            self._soon = soon_here()
            self._changed.ring()
            await self._stop.wait()
            self._group.cancel_scope.cancel()
        await self._close_session()

    async def _bounded(self, wait: Callable[[], Awaitable[None]], what: str) -> bool:
        with anyio.move_on_after(self._grace, shield=True) as scope:
            await wait()
        if scope.cancelled_caught:
            _logger.error(
                "%s %s; after %g s (close_timeout) it was left behind",
                self._label,
                what,
                self._grace,
            )
        return not scope.cancelled_caught


class _Job(Generic[T]):
    """One call, from when it is sent to the plugin's loop to its result."""

    def __init__(
        self,
        function: Callable[..., Awaitable[T]],
        args: tuple[Any, ...],
        on_done: Callable[[], None],
    ) -> None:
        self._function = function
        self._args = args
        self._on_done = on_done
        self._scope: anyio.CancelScope | None = None
        self._cancelled = False
        self._results: list[T] = []
        self._error: Exception | None = None

    async def run(self) -> None:
        """Run in the plugin's loop; never raises what would end the other calls there."""
        try:
            with anyio.CancelScope() as self._scope:
                if not self._cancelled:
                    self._results.append(await self._function(*self._args))
        except Exception as exc:  # noqa: BLE001 - raised where the result is wanted
            self._error = exc
        finally:
            self._on_done()

    def cancel(self) -> None:
        self._cancelled = True
        if self._scope is not None:
            self._scope.cancel()

    def outcome(self, label: str) -> T:
        if self._error is not None:
            raise self._error
        if not self._results:
            raise APIConnectionError(f"{label} was closed while it was used")
        return self._results[0]
