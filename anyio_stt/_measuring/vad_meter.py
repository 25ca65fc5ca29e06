"""Measures what a detector computes, about a second of audio at a time."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from .._util.clock import wall_clock
from ..metrics import VADMetrics
from ..voice import VADEvent, VADEventType

__all__ = ("VADMeter",)


class VADMeter:
    """
    Adds up what a detector says it computed.

    Args:
        label: the detector's name.
        interval: seconds of audio from one `INFERENCE_DONE` to the next.
        emit: tells listeners.
    """

    __slots__ = ("_active", "_count", "_emit", "_enough", "_label", "_spent")

    def __init__(self, label: str, interval: float, emit: Callable[..., None]) -> None:
        self._label = label
        self._enough = 1 / interval if interval > 0 else 1.0
        self._emit = emit
        self._count = 0
        self._spent = 0.0
        self._active = anyio.current_time()

    def note(self, event: VADEvent) -> None:
        """Take what the detector said."""
        if event.type is not VADEventType.INFERENCE_DONE:
            self._active = anyio.current_time()
            return
        self._count += 1
        self._spent += event.inference_duration
        if self._count >= self._enough:
            self._report()

    def _report(self) -> None:
        idle = anyio.current_time() - self._active
        metrics = VADMetrics(wall_clock(), self._label, idle, self._spent, self._count)
        self._count, self._spent = 0, 0.0
        self._emit("metrics_collected", metrics)
