"""Measures one stream: a task beside it that reads a copy of what is to be measured."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from .._core.channel import Channel
from .._util.clock import wall_clock
from .._util.emitter import logger
from ..events import RecognitionUsage, SpeechEvent, SpeechEventType
from ..metrics import STTMetrics
from .usage import UsageLedger

__all__ = ("MetricsMonitor",)

_USAGE = SpeechEventType.RECOGNITION_USAGE


class MetricsMonitor:
    """
    Turns usage reports into `STTMetrics`, each second of audio counted once.

    Its task begins with the first event to be measured, and what it has not reached when the
    stream ends, or an attempt does, is measured at once: nothing is lost by cancelling it.

    Args:
        label: the engine's name.
        emit: takes each measurement.
        replaced: whether a subclass measures instead, and so is given every event.
        start: starts the task.
    """

    def __init__(
        self,
        label: str,
        emit: Callable[[STTMetrics], None],
        start: Callable[[], object],
        *,
        replaced: bool,
    ) -> None:
        self._label = label
        self._emit = emit
        self._start = start
        self._ledger = UsageLedger()
        self._last_report = anyio.current_time()
        self._new_delay: float | None = None
        self.events = Channel[SpeechEvent]()
        self.replaced = replaced
        self.scope: anyio.CancelScope | None = None  # the task's, once there is one
        self.attempt = 0
        self.dropped = 0.0

    def begin(self) -> None:
        """Start the task, if it has not been."""
        if self.scope is None:
            self.scope = anyio.CancelScope()
            self._start()

    def tell(self, event: SpeechEvent) -> None:
        """Give *event* to the task if it is to be measured."""
        if event.delay is not None or event.type is _USAGE or self.replaced:
            if not self.events.ended:
                self.events.put(event)
            self.begin()

    def end_within(self, seconds: float) -> None:
        """Cancel the task if it takes longer than that."""
        if self.scope is not None:
            self.scope.deadline = anyio.current_time() + seconds

    async def run(self) -> None:
        """Measure what comes, until nothing more does."""
        events = self.events
        while not events.ended:
            self.catch_up()
            await events.arrival()

    def catch_up(self) -> None:
        """Measure what waits."""
        while self.events.count and not self.replaced:
            self.measure(self.events.take())

    def begin_attempt(self, origin: float, lost: float) -> None:
        """Note where an attempt begins; times in seconds."""
        self.catch_up()
        self.attempt += 1
        self._ledger.begin_attempt(origin, lost)

    def measure(self, event: SpeechEvent) -> None:
        """Take one event."""
        if event.type is not _USAGE:
            if event.delay is not None:
                self._new_delay = event.delay
        elif event.recognition_usage is None:
            logger.warning("%s sent a usage event without recognition_usage", self._label)
        else:
            new, again = self._ledger.report(event.recognition_usage.audio_duration)
            self._report(event.request_id, event.recognition_usage, new, again)

    def finish(self, delivered: float, replayed: float) -> None:
        """
        Measure what waits, and report for an engine that never reported.

        Args:
            delivered: seconds of audio it read, each counted once.
            replayed: seconds that it read again.
        """
        try:
            self.catch_up()
            if not self._ledger.reported and delivered > 0 and not self.replaced:
                self._report("", RecognitionUsage(delivered), delivered, replayed)
        finally:
            self.events.end()

    def _report(self, request_id: str, usage: RecognitionUsage, new: float, again: float) -> None:
        now = anyio.current_time()
        metrics = STTMetrics(
            request_id=request_id,
            timestamp=wall_clock(),
            duration=now - self._last_report,
            label=self._label,
            audio_duration=new,
            streamed=True,
            replayed_duration=again,
            dropped_duration=self.dropped,
            attempts=self.attempt,
            delay=self._new_delay,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
        )
        self._last_report, self._new_delay = now, None
        self._emit(metrics)
