"""Measures one stream as it goes; nothing here waits, so nothing is lost when the stream ends."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from .._rules.usage import UsageLedger
from ..events import RecognitionUsage, SpeechEvent
from ..metrics import STTMetrics
from .clock import wall_clock
from .emitter import logger

__all__ = ("MetricsMonitor",)


class MetricsMonitor:
    """
    Turns usage reports into `STTMetrics`, each second of audio counted once.

    It is called where events are sent instead of running beside them: a measurement is made
    before its event can be read, and the benchmarks show no second task for each stream.

    Args:
        label: the engine's name.
        emit: takes each measurement.
    """

    __slots__ = (
        "_emit",
        "_label",
        "_last_report",
        "_ledger",
        "_new_delay",
        "attempt",
        "dropped",
        "last_delay",
        "replayed",
    )

    def __init__(self, label: str, emit: Callable[[STTMetrics], None]) -> None:
        self._label = label
        self._emit = emit
        self._ledger = UsageLedger()
        self._last_report = anyio.current_time()
        self._new_delay: float | None = None
        self.last_delay: float | None = None
        self.attempt = 0
        self.replayed = 0.0
        self.dropped = 0.0

    def begin_attempt(self, origin: float, replayed: float, lost: float) -> None:
        """Note where an attempt begins; times in seconds."""
        self.attempt += 1
        self.replayed += replayed
        self._ledger.begin_attempt(origin, lost)

    def final(self, delay: float | None) -> None:
        """Note how long after its audio a final came."""
        if delay is not None:
            self.last_delay = self._new_delay = delay

    def usage(self, event: SpeechEvent) -> None:
        """Report what the engine reported."""
        if event.recognition_usage is None:
            logger.warning("%s sent a usage event without recognition_usage", self._label)
            return
        new, again = self._ledger.report(event.recognition_usage.audio_duration)
        self._report(event.request_id, event.recognition_usage, new, again)

    def finish(self, delivered: float) -> None:
        """
        Report for an engine that never reported.

        Args:
            delivered: seconds of audio it read, each counted once.
        """
        if not self._ledger.reported and delivered > 0:
            self._report("", RecognitionUsage(delivered), delivered, self.replayed)

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
