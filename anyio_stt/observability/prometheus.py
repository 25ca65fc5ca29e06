"""Engines as Prometheus sees them; needs the extra `[prometheus]`."""

from __future__ import annotations

from ..events import SpeechEvent, SpeechEventType
from ..metrics import STTError, STTMetrics
from ..stream import RecognizeStream
from .observer import Observer

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
except ImportError as _missing:
    raise ImportError(
        "anyio_stt.observability.prometheus needs prometheus-client, which is not installed: "
        "pip install 'anyio-stt[prometheus]'",
        name="prometheus_client",
    ) from _missing

__all__ = ("PrometheusObserver",)

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)


class PrometheusObserver(Observer):
    """
    Metrics of engines, for Prometheus.

        PrometheusObserver().observe(stt)

    Every metric has the label `stt`, the engine's label; no request, text or language is a
    label. Audio that was pushed, replayed or dropped is counted when its stream ends, of streams
    that started after `observe`.

    Args:
        registry: where the metrics are registered; one observer for each.
        namespace: what their names begin with.

    Raises:
        ValueError: when *registry* has metrics of these names already.
    """

    def __init__(
        self, registry: CollectorRegistry = REGISTRY, *, namespace: str = "anyio_stt"
    ) -> None:
        def counter(name: str, help_: str, *labels: str) -> Counter:
            return Counter(name, help_, ["stt", *labels], namespace, registry=registry)

        def histogram(name: str, help_: str) -> Histogram:
            return Histogram(name, help_, ["stt"], namespace, registry=registry, buckets=_SECONDS)

        self._started: set[RecognizeStream] = set()
        self._open = Gauge(
            "streams_open", "Streams that are open.", ["stt"], namespace, registry=registry
        )
        self._streams = counter("streams", "Streams that ended.", "failed")
        self._attempts = counter("attempts", "Attempts begun.")
        self._errors = counter("errors", "Attempts that failed.", "type", "recoverable")
        self._audio = counter("audio_seconds", "Audio, by what became of it.", "what")
        self._delay = histogram(
            "final_delay_seconds", "From when audio was pushed to when its final came."
        )
        self._recognize = histogram(
            "recognize_seconds", "How long recognising a whole recording took."
        )

    def on_stream_started(self, stream: RecognizeStream) -> None:
        """Count an open stream."""
        self._started.add(stream)
        self._open.labels(stream.label).inc()

    def on_stream_ended(self, stream: RecognizeStream, failure: Exception | None) -> None:
        """Count a stream that ended, and its audio."""
        if stream not in self._started:  # it was open before anybody observed
            return
        self._started.discard(stream)
        label, done = stream.label, stream.statistics()
        self._open.labels(label).dec()
        self._streams.labels(label, _yes(failure is not None)).inc()
        for what in ("pushed", "replayed", "dropped"):
            self._audio.labels(label, what).inc(getattr(done, what))

    def on_attempt_started(self, stream: RecognizeStream, number: int) -> None:  # noqa: ARG002
        """Count an attempt."""
        self._attempts.labels(stream.label).inc()

    def on_speech_event(self, stream: RecognizeStream, event: SpeechEvent) -> None:
        """Note how late a final is."""
        if event.type is SpeechEventType.FINAL_TRANSCRIPT and event.delay is not None:
            self._delay.labels(stream.label).observe(event.delay)

    def on_metrics_collected(self, metrics: STTMetrics) -> None:
        """Count recognised audio."""
        self._audio.labels(metrics.label, "recognised").inc(metrics.audio_duration)
        if not metrics.streamed:
            self._recognize.labels(metrics.label).observe(metrics.duration)

    def on_error(self, error: STTError) -> None:
        """Count a failed attempt."""
        kind = type(error.error).__name__
        self._errors.labels(error.label, kind, _yes(error.recoverable)).inc()


def _yes(what: bool) -> str:
    return "true" if what else "false"
