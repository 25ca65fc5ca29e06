"""The life of a stream: it runs in a task group, and whatever happens it ends in order."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Awaitable
from types import TracebackType
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from .._rules.lifecycle import Action, Lifecycle, State
from .._util.emitter import logger
from .._util.failures import not_an_end, sole_error
from .._util.resources import Resources
from ..exceptions import APIError, StreamClosedError
from ..options import APIConnectOptions
from .audio_input import AudioInput
from .delivery import Delivery
from .input_queue import InputQueue
from .wanted import WantedAudio

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ("Lifetime",)


class Lifetime(AudioInput):
    """
    A stream's task, from its start to its end.

    Args:
        label: the engine's name, for errors and logs.
        options: bounds and deadlines.
        replay_limit: seconds that are kept of what was read.
        wanted: what audio the engine wants.
    """

    # A dict of more than 30 attributes, with an engine's own, is no longer shared: a kilobyte more.
    __slots__ = (
        "_core_begun", "_core_delivery", "_core_done", "_core_ended", "_core_exit", "_core_failure",
        "_core_group", "_core_label", "_core_launched", "_core_lifecycle", "_core_options",
        "_core_queue", "_core_resources", "_core_scope", "_core_tasks",
    )  # fmt: skip
    _core_delivery: Delivery[Any]
    _core_scope: anyio.CancelScope

    def __init__(
        self, *, label: str, options: APIConnectOptions, replay_limit: float, wanted: WantedAudio
    ) -> None:
        self._core_label = label
        self._core_options = options
        self._core_lifecycle = Lifecycle(type(self).__name__)
        self._core_queue = InputQueue(options, replay_limit, wanted)
        self._core_resources = Resources(label)
        self._core_group: TaskGroup | None = None
        self._core_launched = False  # until it is there is no delivery
        self._core_begun = self._core_done = False
        self._core_ended: anyio.Event | None = None
        self._core_failure: BaseException | None = None
        self._core_exit: BaseException | None = None

    @abstractmethod
    def _core_run_engine(self) -> Awaitable[None]:
        """Do what the stream is for; what it raises is what the stream fails with."""

    @abstractmethod
    def _core_make_delivery(self) -> Delivery[Any]: ...

    def _core_check_startable(self) -> None:
        """Raise if the stream must not start now."""
        if self._core_lifecycle.state is not State.CREATED:
            raise self._core_lifecycle.refusal(Action.START)

    def _core_on_start(self) -> None:
        """Prepare for the first attempt; the event loop is running."""

    def _core_on_entered(self) -> None:
        """Do what can wait until the engine had the chance to take its first step."""

    def _core_on_stop(self, action: Action) -> None:
        """Report what is left to report; no more events can be sent after this."""

    def _core_on_done(self) -> None:
        """Forget the stream: its task is ending."""

    def start(self, task_group: TaskGroup) -> Self:
        """
        Run the stream in *task_group* and return it; call `aclose()` when done with it.

        Failures of the engine are raised by iterating the stream, never into the group.

        Raises:
            StreamClosedError: when it was started before.
        """
        self._core_check_startable()
        self._core_launch(task_group)
        self._core_on_entered()
        return self

    def _core_launch(self, task_group: TaskGroup) -> None:
        self._core_lifecycle.advance(Action.START)
        self._core_tasks = task_group
        self._core_scope = anyio.CancelScope()
        self._core_delivery = self._core_make_delivery()
        self._core_queue.open()
        self._core_launched = True
        try:
            self._core_on_start()
            task_group.start_soon(self._core_live, name=f"{self._core_label} stream")
        except BaseException:
            self._core_abort()
            self._core_end(Action.CLOSE, None)
            raise

    async def __aenter__(self) -> Self:
        self._core_check_startable()
        self._core_group = anyio.create_task_group()
        await self._core_group.__aenter__()
        try:
            self._core_launch(self._core_group)
            await checkpoint()  # lets the engine take its first step
            self._core_on_entered()
        except BaseException:
            self._core_abort()
            if not self._core_launched:  # Ctrl-C was faster: there is no task to wait for
                self._core_set_done()
            await self._core_leave_group(None)
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Cancelling the run loop's scope instead of the group's keeps the body's own exception
        # and its cancellation what they are; the group then only waits.
        error = exc
        try:
            self._core_abort()
            await checkpoint()  # enough for most engines, and cheaper than another task
        except BaseException as cancelled:
            self._core_abort()  # again: Ctrl-C may have come in the middle of that
            error = cancelled
            raise
        finally:
            await self._core_leave_group(error)
        failure = self._core_delivery.take_failure()
        # A refused push is no exception of the user's own: what the engine failed with is why.
        refused = isinstance(exc, StreamClosedError) and exc.__cause__ is failure
        if failure is not None and (exc is None or refused):
            raise failure

    async def _core_leave_group(self, error: BaseException | None) -> None:
        """Wait for the task; what ends the program leaves instead of anything else."""
        group = self._core_group
        assert group is not None
        try:
            if not self._core_done:
                group.start_soon(self._core_complain, group.cancel_scope)
        finally:
            await self._core_exit_group(group, error)
        if self._core_exit is not None:
            raise self._core_exit

    async def _core_exit_group(self, group: TaskGroup, error: BaseException | None) -> None:
        # What ends the program had the group cancel the body: the group takes that back.
        told = error if self._core_exit is not None else None
        try:
            await group.__aexit__(None if told is None else type(told), told, None)
        finally:
            if not self._core_done:  # Ctrl-C ended the task before it had begun
                self._core_end(Action.CLOSE, None)

    async def aclose(self) -> None:
        """
        Abort: cancel the engine and wait until it has ended. What it said before can be read.

        Call it as often as you like, from any task. An engine that ignores cancellation is
        waited for `close_timeout` seconds and then named in the log. Cancelling `aclose()`
        itself leaves the engine cancelled all the same.
        """
        self._core_abort()
        await checkpoint()
        if self._core_launched and not self._core_done:
            with anyio.move_on_after(self._core_options.close_timeout):
                await self._core_wait_done()
            if not self._core_done:
                self._core_log_stuck()
                self._core_stop(Action.CLOSE, None)  # nobody shall wait for what it might say

    def _core_abort(self) -> None:
        self._core_lifecycle.advance(Action.CLOSE)
        if self._core_launched:
            self._core_scope.deadline = math.inf  # it does not end for missing one
            self._core_scope.cancel()  # before the queue wakes the engine, or it is woken twice
            self._core_queue.close()

    async def _core_complain(self, group_scope: anyio.CancelScope) -> None:
        """Say each period what leaving the block waits for, also when the block is cancelled."""
        # A task that Ctrl-C ended before its first line cannot say that it has; its group can.
        while not self._core_done and (self._core_begun or not group_scope.cancel_called):
            with anyio.move_on_after(max(self._core_options.close_timeout, 0.1), shield=True):
                await self._core_wait_done()
                return
            self._core_log_stuck()

    async def _core_wait_done(self) -> None:
        if self._core_ended is None:  # made by whoever waits first, which few streams see
            self._core_ended = anyio.Event()
        await self._core_ended.wait()

    def _core_log_stuck(self) -> None:
        logger.warning(
            "%s does not end %g s after it was cancelled: its _run swallows cancellation, or "
            "waits in a thread or a shielded scope",
            self._core_label,
            self._core_options.close_timeout,
        )

    async def _core_live(self) -> None:
        """Be the task of the stream: what happens in here, it ends in order."""
        action, failure = Action.CLOSE, None  # unless it ends by itself, it was cancelled
        try:
            self._core_begun = True
            await self._core_run_engine()
            action = Action.FINISH
        except BaseException as exc:  # kept for whoever iterates the stream
            error = not_an_end(sole_error(exc))
            if isinstance(error, anyio.get_cancelled_exc_class()):
                raise
            action, failure = Action.FAIL, error
        finally:
            try:
                if self._core_resources:
                    await self._core_resources.aclose(self._core_options.close_timeout)
            finally:
                try:
                    self._core_end(action, failure)
                finally:
                    self._core_set_done()  # again: Ctrl-C may come in the middle of that, too
        if self._core_exit is not None and self._core_group is None:
            raise self._core_exit

    def _core_end(self, action: Action, failure: BaseException | None) -> None:
        """Say that all is over, whatever listeners do."""
        try:
            self._core_stop(action, failure)
        except BaseException as exc:  # noqa: BLE001 - a listener ends the program
            self._core_leave(exc)
        finally:
            self._core_delivery.close(None)
            self._core_set_done()
            self._core_on_done()

    def _core_set_done(self) -> None:
        self._core_done = True
        if self._core_ended is not None:
            self._core_ended.set()

    def _core_leave(self, error: BaseException) -> None:
        """Let what ends the program leave as itself: by the block, or else by the task."""
        if self._core_exit is None:
            self._core_exit = error
        self._core_scope.cancel()
        if self._core_group is not None:
            self._core_group.cancel_scope.cancel()

    def _core_stop(self, action: Action, failure: BaseException | None) -> None:
        """End the output, synchronously: after this the stream has said all it will say."""
        if self._core_delivery.closed:
            if failure is not None and not isinstance(failure, APIError):
                # It was given up on, and ends with a bug that nobody waits for any more.
                logger.error("%s failed after it was closed", self._core_label, exc_info=failure)
            return
        if self._core_lifecycle.running:
            self._core_lifecycle.advance(action)
        else:
            action = Action.CLOSE
            if isinstance(failure, APIError):
                # The engine's connection broke while it was being closed: nobody waits for it.
                logger.debug("%s failed while closing", self._core_label, exc_info=failure)
                failure = None
        self._core_failure = failure
        if failure is not None and not isinstance(failure, Exception):
            self._core_leave(failure)
            failure = None
        try:
            self._core_on_stop(action)
        finally:
            self._core_delivery.close(failure)
            self._core_queue.close()
