from __future__ import annotations

from typing import Any

import anyio
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from anyio_stt import APIConnectionError
from anyio_stt.observability.opentelemetry import OpenTelemetryObserver
from anyio_stt.testing import Fail, Hear, HearAll, Say, ScriptedSTT, cut, final, silence

AUDIO = silence(1.0)


class Seen:
    """An observer with the real SDK behind it, in memory."""

    def __init__(self, **options: Any) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.observer = OpenTelemetryObserver(
            tracer_provider=self.tracers,
            meter_provider=MeterProvider([self._reader], shutdown_on_exit=False),
            **options,
        )

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self._exporter.get_finished_spans() if span.name == name]

    def points(self, name: str) -> dict[tuple[Any, ...], Any]:
        """Points of a metric by the values of their attributes but the label."""
        data = self._reader.get_metrics_data()
        assert data is not None
        found = {}
        for resource in data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == name:
                        for point in metric.data.data_points:
                            attributes = dict(point.attributes or {})
                            attributes.pop("stt.label")
                            found[tuple(attributes.values())] = point
        return found


async def recognise(stt: ScriptedSTT) -> None:
    with anyio.fail_after(60):
        async with stt.stream() as stream:
            await stream.feed(cut(AUDIO, 0.1))
            async for _ in stream:
                pass


async def test_a_stream_its_attempts_and_its_utterances_are_spans() -> None:
    seen = Seen()
    stt = ScriptedSTT(
        [Hear(0.5), Fail(APIConnectionError("lost"))],
        [Hear(1.0), Say(final("good morning", end=1.0)), HearAll()],
    )
    seen.observer.observe(stt)
    with seen.tracers.get_tracer("app").start_as_current_span("call") as call:
        await recognise(stt)
    (stream,) = seen.spans("stt.stream")
    first, second = seen.spans("stt.attempt")
    (utterance,) = seen.spans("stt.utterance")
    assert stream.parent is not None
    assert stream.parent.span_id == call.get_span_context().span_id
    for inside in (first, second, utterance):
        assert inside.parent is not None
        assert inside.parent.span_id == stream.context.span_id
        assert inside.attributes is not None
        assert inside.attributes["stt.label"] == stt.label
    assert [span.status.is_ok for span in (stream, first, second)] == [True, False, True]
    assert first.events[0].name == "exception"
    assert stream.attributes is not None
    assert stream.attributes["stt.attempts"] == 2
    assert stream.attributes["stt.audio.recognised"] == pytest.approx(1.0)
    (said,) = utterance.events
    assert said.attributes is not None
    assert said.attributes["stt.end"] == pytest.approx(1.0)
    assert "stt.text" not in said.attributes


async def test_what_was_said_is_recorded_where_asked_for() -> None:
    seen, stt = Seen(record_text=True), ScriptedSTT([HearAll(), Say(final("good", end=1.0))])
    seen.observer.observe(stt)
    await recognise(stt)
    (utterance,) = seen.spans("stt.utterance")
    assert utterance.events[0].attributes is not None
    assert utterance.events[0].attributes["stt.text"] == "good"


async def test_the_spans_of_a_stream_that_is_left_early_end_with_it() -> None:
    seen, stt = Seen(), ScriptedSTT([HearAll()])
    seen.observer.observe(stt)
    with anyio.fail_after(5):
        async with stt.stream():
            pass
    assert [len(seen.spans(name)) for name in ("stt.stream", "stt.attempt")] == [1, 1]
    assert not seen.observer._spans


async def test_what_a_stream_does_is_measured() -> None:
    seen = Seen()
    stt = ScriptedSTT(
        [Hear(0.5), Fail(APIConnectionError("lost"))],
        [Hear(1.0), Say(final("a", end=1.0)), HearAll()],
    )
    seen.observer.observe(stt)
    await recognise(stt)
    assert seen.points("stt.streams.open")[()].value == 0
    assert seen.points("stt.attempts")[()].value == 2
    assert seen.points("stt.errors")["APIConnectionError", True].value == 1
    audio = {key[0]: point.value for key, point in seen.points("stt.audio").items()}
    assert audio == pytest.approx(
        {"pushed": 1.0, "recognised": 1.0, "replayed": 0.5, "dropped": 0.0}
    )
    assert seen.points("stt.final.delay")[()].count == 1


async def test_a_recording_at_once_is_measured() -> None:
    seen, stt = Seen(), ScriptedSTT([HearAll(), Say(final("a", end=1.0))])
    seen.observer.observe(stt)
    with anyio.fail_after(5):
        await stt.recognize(AUDIO)
    assert seen.points("stt.recognize.duration")[()].count == 1


async def test_a_stream_that_was_open_before_it_was_observed_is_left_out() -> None:
    seen, stt = Seen(), ScriptedSTT()
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            seen.observer.observe(stt)
            await stream.feed(cut(AUDIO, 0.1))
            assert [event async for event in stream]
    assert seen.spans("stt.stream") == []
    assert seen.points("stt.streams.open") == {}


async def test_a_tracer_that_fails_is_logged_and_harms_no_stream(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no room")

    seen, stt = Seen(), ScriptedSTT()
    monkeypatch.setattr(seen.observer._tracer, "start_span", fail)
    seen.observer.observe(stt)
    await recognise(stt)
    assert "no room" in caplog.text
