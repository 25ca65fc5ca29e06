"""An engine written for LiveKit's module runs with its imports changed and nothing else."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

import anyio_stt
from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    STTCapabilities,
    STTMetrics,
)
from anyio_stt.testing import assert_no_leaks, cut, noise

pytestmark = pytest.mark.any_clock

STEREO = noise(1.0, sample_rate=48000, num_channels=2)
QUICK = APIConnectOptions(max_retry=3, retry_interval=0.0)


@pytest.fixture
def plugin() -> Any:
    path = Path(__file__).with_name("livekit_style_engine.py")
    spec = importlib.util.spec_from_file_location("livekit_style_engine", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for their annotations
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("drops", [0, 1, 3])
@pytest.mark.contract("S1", "S9", "S11", "S16", "S20")
async def test_its_streams_work_and_lose_nothing(plugin: Any, drops: int) -> None:
    server = plugin.FakeServer()
    server.drops = drops
    metrics: list[STTMetrics] = []
    with anyio.fail_after(5):
        async with assert_no_leaks(), plugin.STT(server=server) as engine:
            engine.on("metrics_collected", metrics.append)
            async with engine.stream(conn_options=QUICK) as stream:
                for frame in cut(STEREO, 0.1):
                    stream.push_frame(frame)
                stream.end_input()
                events = [event async for event in stream]
    kinds = [event.type.name for event in events if event.type.name != "INTERIM_TRANSCRIPT"]
    assert [kind for kind in kinds if kind != "RECOGNITION_USAGE"] == [
        "START_OF_SPEECH",
        "FINAL_TRANSCRIPT",
        "END_OF_SPEECH",
    ]
    (said,) = [e for e in events if e.type is SpeechEventType.FINAL_TRANSCRIPT]
    assert said.alternatives[0].text == "STT heard you"
    assert said.alternatives[0].language == "en-US"
    assert len(b"".join(server.received)) == 16000 * 2 * 2
    assert server.flushes == 1
    assert sum(each.audio_duration for each in metrics) == pytest.approx(1.0)


@pytest.mark.contract("S15")
async def test_its_failures_are_retried_as_often_as_it_was_told(plugin: Any) -> None:
    server = plugin.FakeServer()
    server.drops = 99
    with anyio.fail_after(5):
        with pytest.raises(APIConnectionError, match="after 4 attempts") as caught:
            async with plugin.STT(server=server).stream(conn_options=QUICK) as stream:
                stream.push_frame(STEREO)
                stream.end_input()
                async for _ in stream:
                    pass
    assert server.drops == 99 - 4
    assert isinstance(caught.value.__cause__, APIConnectionError)
    assert isinstance(caught.value.__cause__.__cause__, ConnectionResetError)


@pytest.mark.contract("S15", "S20")
async def test_its_recognize_works(plugin: Any) -> None:
    server = plugin.FakeServer()
    server.drops = 1
    with anyio.fail_after(5):
        async with plugin.STT(server=server) as engine:
            event = await engine.recognize(
                buffer=cut(STEREO, 0.1), language="de", conn_options=QUICK
            )
    assert event.alternatives[0] == SpeechData("de", f"{48000 * 2 * 2} bytes")


@pytest.mark.contract("S1")
async def test_several_tasks_may_feed_and_read_as_its_users_do(plugin: Any) -> None:
    with anyio.fail_after(5):
        engine = plugin.STT(server=plugin.FakeServer())
        async with engine, engine.stream() as stream, anyio.create_task_group() as tg:
            tg.start_soon(stream.feed, cut(STEREO, 0.02))
            texts = [e.alternatives[0].text async for e in stream if e.alternatives]
    assert texts[-1] == "STT heard you"


def test_the_seeds_spellings_work_unchanged() -> None:
    event = SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, "request", [SpeechData("en", "hello")])
    assert event.alternatives[0].text == "hello"
    assert STTCapabilities(streaming=True, interim_results=True).streaming
    assert anyio_stt.SpeechStream is anyio_stt.RecognizeStream
    options = anyio_stt.DEFAULT_API_CONNECT_OPTIONS
    assert (options.max_retry, options.retry_interval, options.timeout) == (3, 5.0, 10.0)
    assert SpeechEventType("final_transcript") == "final_transcript"
    assert STTMetrics("r", 0.0, 0.1, "label", 1.0, True).error is None
