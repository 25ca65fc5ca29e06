"""Engines as OpenTelemetry sees them; needs the extra `[opentelemetry]`."""

from __future__ import annotations

from collections.abc import Mapping

from ..events import SpeechEvent, SpeechEventType
from ..metrics import STTError, STTMetrics
from ..stream import RecognizeStream
from .observer import Observer

try:
    from opentelemetry import metrics, trace
except ImportError as _missing:
    raise ImportError(
        "anyio_stt.observability.opentelemetry needs opentelemetry-api, which is not installed: "
        "pip install 'anyio-stt[opentelemetry]'",
        name="opentelemetry",
    ) from _missing

__all__ = ("OpenTelemetryObserver",)

_NAME = "anyio_stt"
_LABEL = "stt.label"


class OpenTelemetryObserver(Observer):
    """
    Makes a span of each stream, attempt and utterance, and measures what engines do.

        OpenTelemetryObserver().observe(stt)

    A stream's span is a child of the span in which the stream was started; its attempts and
    utterances are its children. What was said is in no span unless it is asked for.

    Args:
        tracer_provider: who makes spans; the global one if `None`.
        meter_provider: who makes metrics; the global one if `None`.
        record_text: whether an utterance's span has the text of its finals.
    """

    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        record_text: bool = False,
    ) -> None:
        self._tracer = trace.get_tracer(_NAME, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_NAME, meter_provider=meter_provider)
        self._record_text = record_text
        self._spans: dict[RecognizeStream, _StreamSpans] = {}
        self._open = meter.create_up_down_counter(
            "stt.streams.open", "{stream}", "Streams that are open."
        )
        self._attempts = meter.create_counter("stt.attempts", "{attempt}", "Attempts begun.")
        self._errors = meter.create_counter("stt.errors", "{error}", "Attempts that failed.")
        self._audio = meter.create_counter(
            "stt.audio", "s", "Audio, by what became of it: stt.audio.fate."
        )
        self._delay = meter.create_histogram(
            "stt.final.delay", "s", "From when audio was pushed to when its final came."
        )
        self._recognize = meter.create_histogram(
            "stt.recognize.duration", "s", "How long recognising a whole recording took."
        )

    def on_stream_started(self, stream: RecognizeStream) -> None:
        """Begin a stream's span."""
        self._spans[stream] = _StreamSpans(self._tracer, stream.label, self._record_text)
        self._open.add(1, {_LABEL: stream.label})

    def on_stream_ended(self, stream: RecognizeStream, failure: Exception | None) -> None:
        """End a stream's span, and what is open inside of it."""
        spans = self._spans.pop(stream, None)
        if spans is None:  # it was open before anybody observed
            return
        label, done = stream.label, stream.statistics()
        self._open.add(-1, {_LABEL: label})
        for fate in ("pushed", "replayed", "dropped"):
            self._audio.add(getattr(done, fate), {_LABEL: label, "stt.audio.fate": fate})
        spans.stream.set_attributes(
            {
                "stt.attempts": done.attempt,
                "stt.audio.pushed": done.pushed,
                "stt.audio.recognised": done.recognised,
                "stt.audio.dropped": done.dropped,
            }
        )
        spans.end(failure)

    def on_attempt_started(self, stream: RecognizeStream, number: int) -> None:
        """Begin an attempt's span."""
        self._attempts.add(1, {_LABEL: stream.label})
        if stream in self._spans:
            self._spans[stream].begin_attempt(number)

    def on_attempt_ended(self, stream: RecognizeStream, error: Exception | None) -> None:
        """End an attempt's span."""
        if stream in self._spans:
            self._spans[stream].end_attempt(error)

    def on_speech_event(self, stream: RecognizeStream, event: SpeechEvent) -> None:
        """Begin, fill or end an utterance's span."""
        if event.type is SpeechEventType.FINAL_TRANSCRIPT and event.delay is not None:
            self._delay.record(event.delay, {_LABEL: stream.label})
        if stream in self._spans:
            self._spans[stream].hear(event)

    def on_metrics_collected(self, metrics: STTMetrics) -> None:
        """Count recognised audio."""
        fate = {_LABEL: metrics.label, "stt.audio.fate": "recognised"}
        self._audio.add(metrics.audio_duration, fate)
        if not metrics.streamed:
            self._recognize.record(metrics.duration, {_LABEL: metrics.label})

    def on_error(self, error: STTError) -> None:
        """Count a failed attempt."""
        kind = type(error.error).__qualname__
        self._errors.add(
            1, {_LABEL: error.label, "error.type": kind, "stt.recoverable": error.recoverable}
        )


class _StreamSpans:
    """The spans of one stream that are open."""

    def __init__(self, tracer: trace.Tracer, label: str, record_text: bool) -> None:
        self._tracer = tracer
        self._record_text = record_text
        self._attributes = {_LABEL: label}
        self.stream = tracer.start_span("stt.stream", attributes=self._attributes)
        self._inside = trace.set_span_in_context(self.stream)
        self._attempt: trace.Span | None = None
        self._utterances: dict[int | None, trace.Span] = {}

    def begin_attempt(self, number: int) -> None:
        self._attempt = self._begin("stt.attempt", {"stt.attempt": number})

    def end_attempt(self, error: Exception | None) -> None:
        if self._attempt is not None:
            _end(self._attempt, error)
            self._attempt = None

    def hear(self, event: SpeechEvent) -> None:
        if event.type is SpeechEventType.START_OF_SPEECH:
            where = {} if event.channel is None else {"stt.channel": event.channel}
            self._utterances[event.channel] = self._begin("stt.utterance", where)
        elif event.type is SpeechEventType.FINAL_TRANSCRIPT:
            self._note(event)
        elif event.type is SpeechEventType.END_OF_SPEECH:
            span = self._utterances.pop(event.channel, None)
            if span is not None:
                span.end()

    def end(self, failure: Exception | None) -> None:
        self.end_attempt(None)
        for span in self._utterances.values():
            span.end()
        _end(self.stream, failure)

    def _begin(self, name: str, attributes: Mapping[str, int]) -> trace.Span:
        return self._tracer.start_span(
            name, context=self._inside, attributes={**self._attributes, **attributes}
        )

    def _note(self, event: SpeechEvent) -> None:
        span = self._utterances.get(event.channel)
        if span is None or not event.alternatives:
            return
        data = event.alternatives[0]
        noted: dict[str, str | float] = {
            "stt.language": data.language,
            "stt.start": data.start_time,
            "stt.end": data.end_time,
        }
        if event.delay is not None:
            noted["stt.delay"] = event.delay
        if self._record_text:
            noted["stt.text"] = data.text
        span.add_event("final", noted)


def _end(span: trace.Span, error: Exception | None) -> None:
    if error is not None:
        span.record_exception(error)
        span.set_status(trace.Status(trace.StatusCode.ERROR, str(error)))
    span.end()
