"""The skeleton that recognition and voice activity share: audio in, events out, one lifetime."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from .._rules.lifecycle import Action, Lifecycle, State
from ..exceptions import APIError, StreamClosedError
from ..options import APIConnectOptions
from .audio_input import AudioInput
from .delivery import Delivery
from .emitter import logger
from .failures import cancelled_inside
from .journal import InputJournal

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ("AudioStream", "FlushSentinel")

EventT = TypeVar("EventT")


class FlushSentinel:
    """What an engine reads where `flush()` was called."""


class AudioStream(AudioInput, ABC, Generic[EventT]):
    """
    A stream that takes audio in and gives events out, and runs inside a task group.

    Args:
        label: the engine's name, for errors and logs.
        options: bounds and deadlines.
        sample_rate: the rate the engine wants, or `None` for that of the audio.
        frame_duration: the length of frames the engine wants, in seconds, or `None` for any.
    """

    __slots__ = (
        "_delivery",
        "_done",
        "_label",
        "_on_end",
        "_own_group",
        "_scope",
        "_task_group",
    )

    _FlushSentinel = FlushSentinel

    def __init__(
        self,
        *,
        label: str,
        options: APIConnectOptions,
        sample_rate: int | None,
        frame_duration: float | None,
    ) -> None:
        self._label = label
        self._conn_options = options
        self._lifecycle = Lifecycle(type(self).__name__)
        self._journal = InputJournal(options, sample_rate, frame_duration)
        self._own_group: TaskGroup | None = None
        self._launched = False  # until it is there is no delivery
        self._done = False
        self._on_end: anyio.Event | None = None
        self._failure: Exception | None = None

    # ---- for subclasses

    @abstractmethod
    async def _run(self) -> None:
        """Read `self._input_ch` to its end, send to `self._event_ch`."""

    @abstractmethod
    def _begin_attempt(self) -> bool:
        """Prepare for `_run`; return whether anything is left to do."""

    @abstractmethod
    def _end_attempt(self, error: Exception | None) -> float | None:
        """
        Return after how many seconds another attempt follows, or `None` when all is done.

        What it raises is what the stream fails with.
        """

    @abstractmethod
    def _make_delivery(self) -> Delivery[EventT]: ...

    def _check_startable(self) -> None:
        """Raise if the stream must not start now."""
        if self._lifecycle.state is not State.CREATED:
            raise self._lifecycle.refusal(Action.START)

    def _on_start(self) -> None:
        """Prepare for the first attempt; the event loop is running."""

    def _on_entered(self) -> None:
        """Do what can wait until the engine had the chance to take its first step."""

    def _on_stop(self) -> None:
        """Report what is left to report; no more events can be sent after this."""

    def _on_done(self) -> None:
        """Forget the stream: its task is ending."""

    # ---- lifetime

    def start(self, task_group: TaskGroup) -> Self:
        """
        Run the stream in *task_group* and return it; call `aclose()` when done with it.

        Failures of the engine are raised by iterating the stream, never into the group.

        Raises:
            StreamClosedError: when it was started before.
        """
        self._launch(task_group)
        self._on_entered()
        return self

    def _launch(self, task_group: TaskGroup) -> None:
        self._check_startable()
        self._lifecycle.advance(Action.START)
        self._task_group = task_group
        self._delivery = self._make_delivery()
        self._scope = anyio.CancelScope()
        self._launched = True
        self._on_start()
        task_group.start_soon(self._run_loop, name=f"{self._label} stream")

    async def __aenter__(self) -> Self:
        self._check_startable()
        self._own_group = anyio.create_task_group()
        await self._own_group.__aenter__()
        self._launch(self._own_group)
        try:
            await checkpoint()  # lets the engine take its first step
        except BaseException:
            self._abort()
            await self._own_group.__aexit__(None, None, None)
            raise
        self._on_entered()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Cancelling the run loop's scope instead of the group's keeps the body's own exception
        # and its cancellation what they are; the group then only waits.
        assert self._own_group is not None
        self._abort()
        try:
            await checkpoint()  # enough for most engines, and cheaper than another task
        finally:
            if not self._done:
                self._own_group.start_soon(self._complain_until_done)
            await self._own_group.__aexit__(None, None, None)
        failure = self._delivery.take_failure()
        # A refused push is no exception of the user's own: what the engine failed with is why.
        refused = isinstance(exc, StreamClosedError) and exc.__cause__ is failure
        if failure is not None and (exc is None or refused):
            raise failure

    async def aclose(self) -> None:
        """
        Abort: cancel the engine and wait until it has ended. What it said before can be read.

        Call it as often as you like, from any task. An engine that ignores cancellation is
        waited for `close_timeout` seconds and then named in the log. Cancelling `aclose()`
        itself leaves the engine cancelled all the same.
        """
        self._abort()
        await checkpoint()
        if self._launched and not self._done:
            with anyio.move_on_after(self._conn_options.close_timeout):
                await self._wait_done()
            if not self._done:
                self._log_stuck()
                self._stop(Action.CLOSE, None)  # nobody shall wait for what it might still say

    def _abort(self) -> None:
        self._lifecycle.advance(Action.CLOSE)
        if self._launched:
            self._scope.deadline = math.inf  # it does not end for missing one
            self._scope.cancel()  # before the journal wakes the engine, or it is woken twice
            self._journal.close()

    async def _complain_until_done(self) -> None:
        """Say each period what leaving the block waits for, also when the block is cancelled."""
        while not self._done:
            with anyio.move_on_after(max(self._conn_options.close_timeout, 0.1), shield=True):
                await self._wait_done()
                return
            self._log_stuck()

    async def _wait_done(self) -> None:
        if self._on_end is None:  # made by whoever waits first, which few streams see
            self._on_end = anyio.Event()
        await self._on_end.wait()

    def _log_stuck(self) -> None:
        logger.warning(
            "%s does not end %g s after it was cancelled: its _run swallows cancellation, or "
            "waits in a thread or a shielded scope",
            self._label,
            self._conn_options.close_timeout,
        )

    async def _run_loop(self) -> None:
        action, failure = Action.CLOSE, None  # unless it ends by itself, it was cancelled
        pause: float | None = None
        try:
            # Attempts are made right here: on each wake-up, each level of coroutines costs.
            while True:
                error: Exception | None = None
                try:
                    with self._scope:
                        if pause is not None:
                            await anyio.sleep(pause)
                        if self._begin_attempt():
                            await self._run()
                except anyio.get_cancelled_exc_class() as exc:
                    if anyio.current_effective_deadline() == -math.inf:
                        raise
                    error = cancelled_inside(exc)
                except Exception as exc:  # noqa: BLE001 - decided upon below, and reported
                    error = exc
                pause = self._end_attempt(error)
                if pause is None:
                    break
                self._scope = anyio.CancelScope()
            action = Action.FINISH
        except Exception as exc:  # noqa: BLE001 - kept for whoever iterates the stream
            action, failure = Action.FAIL, exc
        finally:
            self._stop(action, failure)
            self._done = True
            if self._on_end is not None:
                self._on_end.set()
            self._on_done()

    def _stop(self, action: Action, failure: Exception | None) -> None:
        """End the output, synchronously: after this the stream has said all it will say."""
        if self._delivery.closed:
            if failure is not None and not isinstance(failure, APIError):
                # It was given up on, and ends with a bug that nobody waits for any more.
                logger.error("%s failed after it was closed", self._label, exc_info=failure)
            return
        if self._lifecycle.running:
            self._lifecycle.advance(action)
            if action is Action.FINISH and self._journal.pending:
                logger.warning(
                    "%s returned and left %.3f s of audio unread",
                    self._label,
                    self._journal.seconds(self._journal.pending),
                )
        elif isinstance(failure, APIError):
            # The engine's connection broke while it was being closed: nobody waits for it.
            logger.debug("%s failed while closing", self._label, exc_info=failure)
            failure = None
        self._failure = failure
        self._on_stop()
        self._delivery.close(failure)
        self._journal.close()

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
        closed = self._lifecycle.state is State.CLOSED
        if not self._launched or (closed and not self._delivery.iterated):
            raise self._lifecycle.refusal(Action.START)
        return self._delivery.next()
