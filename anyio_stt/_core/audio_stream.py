"""The skeleton that recognition and voice activity share: audio in, events out, one lifetime."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Awaitable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio
from anyio.abc import ObjectReceiveStream
from anyio.lowlevel import checkpoint

from .._rules.lifecycle import Action, State
from .._util.failures import cancelled_inside, not_an_end, sole_error
from .._util.resources import ClosableT
from .lifetime import Lifetime

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ("AudioStream", "FlushSentinel")

EventT = TypeVar("EventT")


class FlushSentinel:
    """What an engine reads where `flush()` was called."""


class AudioStream(Lifetime, ObjectReceiveStream[EventT], Generic[EventT]):
    """
    A stream that takes audio in and gives events out, and runs inside a task group.

    What begins with `_core_` is the base's own; every other name is free for subclasses.
    """

    _FlushSentinel = FlushSentinel

    # ---- for engines

    @abstractmethod
    async def _run(self) -> None:
        """Read `self._input_ch` to its end, send to `self._event_ch`."""

    async def _main_task(self) -> None:
        """
        Run the engine until the stream is done: the base makes attempts of `_run`.

        A subclass that overrides it calls `_run` itself, as often as it likes; for the base
        that is one attempt, and what it raises is what the stream fails with.
        """
        # Attempts are made right here: on each wake-up, each level of coroutines costs.
        pause: float | None = None
        while True:
            error: Exception | None = None
            try:
                with self._core_scope:
                    if pause is not None:
                        await anyio.sleep(pause)
                    if self._core_begin_attempt():
                        await self._run()
            except BaseException as exc:  # noqa: BLE001 - decided upon, and reported
                error = self._core_attempt_error(exc)
            self._core_check_exit()
            pause = self._core_end_attempt(error)
            self._core_check_exit()
            if pause is None:
                return
            self._core_scope = anyio.CancelScope()

    def _closing(self, resource: ClosableT) -> ClosableT:
        """
        Have *resource* closed when the stream ends, and return it.

        Its `aclose()` is called in the stream's task whatever ends it, cancellation too, and
        gets `close_timeout` seconds; several are closed in reverse order.
        """
        return self._core_resources.add(resource)

    # ---- for the two kinds of stream

    @abstractmethod
    def _core_begin_attempt(self) -> bool:
        """Prepare for `_run`; return whether anything is left to do."""

    @abstractmethod
    def _core_end_attempt(self, error: Exception | None) -> float | None:
        """
        Return after how many seconds another attempt follows, or `None` when all is done.

        What it raises is what the stream fails with.
        """

    def _core_run_engine(self) -> Awaitable[None]:
        own = type(self)._main_task is AudioStream._main_task  # noqa: SLF001 - one class
        return self._main_task() if own else self._core_run_replaced()

    async def _core_run_replaced(self) -> None:
        """Run a subclass's own `_main_task`: one attempt, again only where options change."""
        pause: float | None = 0.0
        while pause is not None:
            error: Exception | None = None
            try:
                with self._core_scope:
                    if self._core_begin_attempt():
                        await self._main_task()
            except BaseException as exc:  # noqa: BLE001 - decided upon, and reported
                error = self._core_attempt_error(exc)
            self._core_check_exit()
            pause = self._core_end_last_attempt(error)
            self._core_check_exit()
            self._core_scope = anyio.CancelScope()

    def _core_end_last_attempt(self, error: Exception | None) -> float | None:
        """End an attempt that no other follows when it has failed."""
        return self._core_end_attempt(error)

    def _core_check_exit(self) -> None:
        """Leave at once when a listener ends the program and no block of ours raises that."""
        if self._core_exit is not None and self._core_group is None:
            raise self._core_exit

    def _core_attempt_error(self, exc: BaseException) -> Exception:
        """Return what an attempt failed with, or raise what is no failure of an attempt."""
        error = not_an_end(sole_error(exc))
        if isinstance(error, anyio.get_cancelled_exc_class()):
            if anyio.current_effective_deadline() == -math.inf:
                raise exc
            return cancelled_inside(error)
        if isinstance(error, Exception):
            return error
        raise error

    # ---- output

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Coroutine[Any, Any, EventT]:
        """
        Return the next event; cancellation loses none.

        Raises:
            anyio.BusyResourceError: when another task is iterating the stream too.
            StreamClosedError: before the stream was started, or when nobody iterated it before
                it was closed.
            Exception: what the engine failed with, once, after the events before it.
        """
        # Hands on the delivery's coroutine: on each wake-up, each level of them costs.
        closed = self._core_lifecycle.state is State.CLOSED
        if not self._core_launched or (closed and not self._core_delivery.iterated):
            raise self._core_lifecycle.refusal(Action.START)
        return self._core_delivery.next()

    async def receive(self) -> EventT:
        """
        Return the next event, as `anyio.abc.ObjectReceiveStream` has it.

        Raises:
            anyio.EndOfStream: when there are no more.
            anyio.ClosedResourceError: after `aclose()`, or the end of the block.
            anyio.BusyResourceError, Exception: as iterating does.
        """
        if self._core_closed():
            await checkpoint()
            raise anyio.ClosedResourceError
        try:
            return await self.__anext__()
        except StopAsyncIteration:
            closed = self._core_closed()
            raise (anyio.ClosedResourceError if closed else anyio.EndOfStream) from None

    def _core_closed(self) -> bool:
        return self._core_lifecycle.state is State.CLOSED
