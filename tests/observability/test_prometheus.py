from __future__ import annotations

import subprocess
import sys

import anyio
import pytest
from prometheus_client import CollectorRegistry

from anyio_stt import APIConnectionError, APIConnectOptions, FallbackAdapter
from anyio_stt.observability import Observer
from anyio_stt.observability.prometheus import PrometheusObserver
from anyio_stt.testing import Delay, Fail, Hear, HearAll, Say, ScriptedSTT, cut, final, silence

ONE_SECOND = silence(1.0)


def counted(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"anyio_stt_{name}", labels)


async def recognise(stt: ScriptedSTT, **options: float) -> None:
    with anyio.fail_after(60):
        async with stt.stream(conn_options=APIConnectOptions(**options)) as stream:  # type: ignore[arg-type]
            for frame in cut(ONE_SECOND, 0.1):
                await anyio.sleep(0.1)
                stream.push_frame(frame)
            stream.end_input()
            async for _ in stream:
                pass


async def test_what_a_stream_does_is_counted() -> None:
    registry = CollectorRegistry()
    stt = ScriptedSTT(
        [Hear(0.5), Fail(APIConnectionError("lost"))],
        [Hear(1.0), Delay(0.25), Say(final("a", end=1.0)), HearAll()],
    )
    PrometheusObserver(registry).observe(stt)
    await recognise(stt)
    label = stt.label
    assert counted(registry, "streams_open", stt=label) == 0
    assert counted(registry, "streams_total", stt=label, failed="false") == 1
    assert counted(registry, "attempts_total", stt=label) == 2
    errors = {"type": "APIConnectionError", "recoverable": "true"}
    assert counted(registry, "errors_total", stt=label, **errors) == 1
    for what, seconds in (("pushed", 1.0), ("recognised", 1.0), ("replayed", 0.5), ("dropped", 0)):
        told = counted(registry, "audio_seconds_total", stt=label, what=what)
        assert told == pytest.approx(seconds), what
    assert counted(registry, "final_delay_seconds_count", stt=label) == 1
    assert counted(registry, "final_delay_seconds_sum", stt=label) == pytest.approx(0.25)


async def test_an_open_stream_is_counted_while_it_is_open_and_a_failed_one_as_failed() -> None:
    registry = CollectorRegistry()
    stt = ScriptedSTT([HearAll(), Fail(APIConnectionError("lost"))])
    PrometheusObserver(registry).observe(stt)
    with pytest.raises(APIConnectionError), anyio.fail_after(60):
        async with stt.stream(conn_options=APIConnectOptions(max_retry=0)) as stream:
            assert counted(registry, "streams_open", stt=stt.label) == 1
            await stream.feed([ONE_SECOND])
            async for _ in stream:
                pass
    assert counted(registry, "streams_open", stt=stt.label) == 0
    assert counted(registry, "streams_total", stt=stt.label, failed="true") == 1
    errors = {"type": "APIConnectionError", "recoverable": "false"}
    assert counted(registry, "errors_total", stt=stt.label, **errors) == 1


async def test_a_stream_that_is_left_early_is_counted_as_ended() -> None:
    registry = CollectorRegistry()
    stt = ScriptedSTT([HearAll()])
    PrometheusObserver(registry).observe(stt)
    with anyio.fail_after(5):
        async with stt.stream():
            pass
    assert counted(registry, "streams_open", stt=stt.label) == 0
    assert counted(registry, "streams_total", stt=stt.label, failed="false") == 1


async def test_who_forgets_an_engine_hears_no_more_of_it() -> None:
    registry = CollectorRegistry()
    observer, stt = PrometheusObserver(registry), ScriptedSTT([HearAll()])
    observer.observe(stt)
    observer.forget(stt)
    with anyio.fail_after(5):
        async with stt.stream():
            pass
    assert counted(registry, "attempts_total", stt=stt.label) is None


async def test_an_observer_that_raises_harms_no_stream(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Observer):
        def on_stream_started(self, stream: object) -> None:
            raise RuntimeError("observer is broken")

        def on_speech_event(self, stream: object, event: object) -> None:
            raise RuntimeError("observer is broken")

    stt = ScriptedSTT([HearAll(), Say(final("a", end=1.0))])
    Broken().observe(stt)
    await recognise(stt)
    assert caplog.text.count("observer is broken") >= 4  # START, FINAL, END and the stream


def test_what_is_not_overridden_is_not_listened_to() -> None:
    class Deaf(Observer):
        pass

    stt = ScriptedSTT([])
    Deaf().observe(stt)
    assert not any(stt._listeners.values())


@pytest.mark.parametrize("package", ["prometheus_client", "opentelemetry"])
def test_nothing_is_loaded_that_is_not_used(package: str) -> None:
    code = f"import sys, anyio_stt, anyio_stt.observability; print({package!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("name", "package"), [("prometheus", "prometheus_client"), ("opentelemetry", "opentelemetry")]
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"anyio_stt.observability.{name}", raising=False)
    with pytest.raises(ImportError, match=rf"pip install 'anyio-stt\[{name}\]'"):
        __import__(f"anyio_stt.observability.{name}")


async def test_a_stream_that_was_open_before_it_was_observed_is_not_counted() -> None:
    registry = CollectorRegistry()
    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            PrometheusObserver(registry).observe(stt)
            await stream.feed(cut(ONE_SECOND, 0.1))
            assert [event async for event in stream]
    assert counted(registry, "streams_open", stt=stt.label) is None
    assert counted(registry, "streams_total", stt=stt.label, failed="false") is None


async def test_an_adapter_and_its_members_with_an_observer_each_count_everything_once() -> None:
    outside, inside = CollectorRegistry(), CollectorRegistry()
    member = ScriptedSTT(
        [Fail(APIConnectionError("lost", retry_after=0))],
        [HearAll(), Say(final("a", end=1.0))],
    )
    adapter = FallbackAdapter([member])
    PrometheusObserver(outside).observe(adapter)
    PrometheusObserver(inside).observe(member)
    with anyio.fail_after(5):
        async with adapter, adapter.stream() as stream:
            await stream.feed(cut(ONE_SECOND, 0.1))
            assert [event async for event in stream]
    errors = {"type": "APIConnectionError", "recoverable": "true"}
    for registry, own in ((outside, adapter.label), (inside, member.label)):
        assert counted(registry, "errors_total", stt=member.label, **errors) == 1
        heard = counted(registry, "audio_seconds_total", stt=member.label, what="recognised")
        assert heard == pytest.approx(1)
        assert counted(registry, "streams_total", stt=own, failed="false") == 1
    assert counted(outside, "streams_total", stt=member.label, failed="false") is None
