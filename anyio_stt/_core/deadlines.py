"""The deadlines of one attempt, in one cancel scope."""

from __future__ import annotations

import math
from collections.abc import Callable

import anyio

from ..exceptions import APITimeoutError
from ..options import APIConnectOptions

__all__ = ("AttemptDeadlines",)

_MEANING = {
    "timeout": "did not ask for audio or send an event within {seconds:g} s of its start",
    "drain_timeout": "did not finish within {seconds:g} s of the end of the input",
    "idle_timeout": "said nothing for {seconds:g} s while audio was pushed or waited",
}


class AttemptDeadlines:
    """
    Ends an attempt that takes too long, with an error that says which deadline it missed.

    The methods move the deadline of the scope that the attempt runs in; they are synchronous and
    cheap enough for every event. Who cancels that scope for another reason takes its deadline
    away first.

    Args:
        scope: what the attempt runs in.
        options: the numbers.
        label: what the error calls the engine.
        on_armed: called when a deadline was set, so that somebody watches that it is kept.
    """

    def __init__(
        self,
        scope: anyio.CancelScope,
        options: APIConnectOptions,
        label: str,
        on_armed: Callable[[], None],
    ) -> None:
        self._options = options
        self._on_armed = on_armed
        self._label = label
        self._drain_seconds = options.drain_seconds
        self._drains = self._reads_on = False
        self._idle_seconds = options.idle_seconds
        self._due: dict[str, float] = {}
        self._heard_at = math.inf
        self.connected_at: float | None = None
        self._scope = scope

    def arm(self) -> None:
        """Count `timeout` from now, unless the engine has asked for audio or spoken already."""
        if self.connected_at is None:
            self._set("timeout", anyio.current_time() + self._options.timeout)

    def connected(self) -> None:
        """The engine asked for audio or said something: `timeout` is met."""
        if self.connected_at is None:
            self.connected_at = anyio.current_time()
            if self._due:
                self._set("timeout", math.inf)
            self.heard()

    def heard(self) -> None:
        """The engine gave a sign of life: `idle_timeout` counts anew."""
        if self._idle_seconds < math.inf:
            self._heard_at = anyio.current_time()
            self._set("idle_timeout", math.inf)

    def idle(self, flowed: float) -> None:
        """
        So much audio was pushed since the last sign of life: the time for one is counted.

        Args:
            flowed: for how many of the seconds since then audio came.
        """
        self._set("idle_timeout", anyio.current_time() + max(0.0, self._idle_seconds - flowed))

    def reading_on(self) -> None:
        """The input has ended: the engine has `idle_timeout` until it speaks or reads on."""
        if self._idle_seconds < math.inf and not self._drains and self.connected_at is not None:
            self._reads_on = True
            self._set("idle_timeout", anyio.current_time() + self._idle_seconds)

    def draining(self) -> None:
        """The engine read the end of the input."""
        if self._drains:
            return
        self._drains = True
        if self._reads_on:
            self._set("idle_timeout", math.inf)
        if self._drain_seconds < math.inf:
            self._set("drain_timeout", anyio.current_time() + self._drain_seconds)

    def disarm(self) -> None:
        """The attempt is being ended for another reason."""
        self._due.clear()
        self._scope.deadline = math.inf

    @property
    def missed(self) -> bool:
        """Whether the attempt was cancelled because a deadline passed."""
        return self._scope.cancel_called and self.next < math.inf

    @property
    def next(self) -> float:
        """When the next deadline passes; infinity when there is none."""
        return self._scope.deadline

    def error(self) -> APITimeoutError:
        """Return the error for the deadline that was missed."""
        name = min(self._due, key=self._due.__getitem__)
        seconds = getattr(self._options, name)
        return APITimeoutError(
            f"{self._label} {_MEANING[name].format(seconds=seconds)} "
            f"({name}={seconds:g}); change APIConnectOptions.{name} to give it more time"
        )

    def _set(self, name: str, when: float) -> None:
        if self._scope.cancel_called:  # missed: what its cleanup still does changes nothing
            return
        self._due[name] = when
        self._scope.deadline = min(self._due.values())
        if when < math.inf:
            self._on_armed()
