"""The deadlines of one attempt, in one cancel scope."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from ..exceptions import APITimeoutError
from ..options import APIConnectOptions

__all__ = ("AttemptDeadlines",)

_MEANING = {
    "timeout": "did not ask for audio or send an event within {seconds:g} s of its start",
    "drain_timeout": "did not finish within {seconds:g} s of the end of the input",
    "idle_timeout": "said nothing for {seconds:g} s while audio was pushed or waited",
}


@dataclass(slots=True, eq=False)
class AttemptDeadlines:
    """
    Ends an attempt that takes too long, with an error that says which deadline it missed.

    The methods move the deadline of the scope that the attempt runs in; they are synchronous and
    cheap enough for every event. Who cancels that scope for another reason takes its deadline
    away first. While a deadline is set, a task watches that missing it ends the attempt.

    Args:
        scope: what the attempt runs in.
        options: the numbers.
        label: what the error calls the engine.
        task_group: where the watching task runs.
        on_ignored: called when the engine runs on `close_timeout` after it was cancelled.
    """

    scope: anyio.CancelScope
    options: APIConnectOptions
    label: str
    task_group: TaskGroup
    on_ignored: Callable[[], None]
    connected_at: float | None = None
    _due: dict[str, float] = field(default_factory=dict)
    _watcher: anyio.CancelScope | None = None
    _drains: bool = False
    _reads_on: bool = False
    _closed: bool = False

    def arm(self) -> None:
        """Count `timeout` from now, unless the engine has asked for audio or spoken already."""
        if self.connected_at is None:
            self._set("timeout", self.options.timeout)

    def connected(self) -> None:
        """The engine asked for audio or said something: `timeout` is met."""
        if self.connected_at is None:
            self.connected_at = anyio.current_time()
            if self._due:
                self._set("timeout", math.inf)
            self.heard()

    def heard(self) -> None:
        """The engine gave a sign of life: `idle_timeout` counts anew."""
        if self.options.idle_seconds < math.inf:
            self._set("idle_timeout", math.inf)

    def idle(self, flowed: float) -> None:
        """
        So much audio was pushed since the last sign of life: the time for one is counted.

        Args:
            flowed: for how many of the seconds since then audio came.
        """
        self._set("idle_timeout", max(0.0, self.options.idle_seconds - flowed))

    def reading_on(self) -> None:
        """The input has ended: the engine has `idle_timeout` until it speaks or reads on."""
        idle = self.options.idle_seconds
        if idle < math.inf and not self._drains and self.connected_at is not None:
            self._reads_on = True
            self._set("idle_timeout", idle)

    def draining(self) -> None:
        """The engine read the end of the input."""
        if self._drains:
            return
        self._drains = True
        if self._reads_on:
            self._set("idle_timeout", math.inf)
        self._set("drain_timeout", self.options.drain_seconds)

    def disarm(self) -> None:
        """The attempt is being ended for another reason."""
        self._due.clear()
        self.scope.deadline = math.inf

    def close(self) -> None:
        """The attempt has ended, or was given up."""
        self._closed = True
        if self._watcher is not None:
            self._watcher.cancel()

    @property
    def missed(self) -> bool:
        """Whether the attempt was cancelled because a deadline passed."""
        return self.scope.cancel_called and self.scope.deadline < math.inf

    def error(self) -> APITimeoutError:
        """Return the error for the deadline that was missed."""
        name = min(self._due, key=self._due.__getitem__)
        seconds = getattr(self.options, name)
        return APITimeoutError(
            f"{self.label} {_MEANING[name].format(seconds=seconds)} "
            f"({name}={seconds:g}); change APIConnectOptions.{name} to give it more time"
        )

    def _set(self, name: str, seconds: float) -> None:
        if self.scope.cancel_called:  # missed: what its cleanup still does changes nothing
            return
        bounded = seconds < math.inf
        self._due[name] = anyio.current_time() + seconds if bounded else math.inf
        self.scope.deadline = min(self._due.values())
        if bounded:
            self._watch()

    def _watch(self) -> None:
        """See to it that somebody watches; a nearer deadline than before wakes who does."""
        due = self.scope.deadline + self.options.close_timeout
        if self._watcher is not None:
            self._watcher.deadline = min(self._watcher.deadline, due)
        elif not self._closed:
            self._watcher = anyio.CancelScope(deadline=due)
            self.task_group.start_soon(self._run_watcher)

    async def _run_watcher(self) -> None:
        """Wait until no deadline is set, or the attempt has outlived one."""
        while self.scope.deadline < math.inf and not self._closed:
            due = self.scope.deadline + self.options.close_timeout
            with anyio.CancelScope(deadline=due) as self._watcher:
                await anyio.sleep_forever()
            late = anyio.current_time() >= self.scope.deadline + self.options.close_timeout
            if self.missed and late and not self._closed:
                self.on_ignored()
        self._watcher = None
