"""An engine here as LiveKit's: under asyncio only, as LiveKit is."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anyio
import pytest

from anyio_stt import STT, AudioFrame, AudioLostError, FallbackAdapter
from anyio_stt.testing import assert_no_leaks, cut
from anyio_stt.testing.servers import say_words

from .fake_plugin import RATE, WordsPlugin, lost

from livekit import agents, rtc  # isort: skip - after the skip of what is missing
from anyio_stt.engines.livekit import ForLiveKit, LiveKitSTT  # isort: skip

pytestmark = pytest.mark.real_time
SIX = say_words(range(1, 7), sample_rate=RATE)
OPTIONS = agents.APIConnectOptions(max_retry=30, retry_interval=0.01, timeout=5.0)
ONCE = agents.APIConnectOptions(max_retry=0, retry_interval=0.01, timeout=5.0)
Kind = agents.stt.SpeechEventType


@pytest.fixture(autouse=True)
def _asyncio_only(anyio_backend_name: str) -> None:
    if anyio_backend_name != "asyncio":
        pytest.skip("LiveKit runs on asyncio only")


def theirs(audio: AudioFrame) -> list[Any]:
    return [
        rtc.AudioFrame(frame.pcm, frame.sample_rate, frame.num_channels, frame.samples_per_channel)
        for frame in cut(audio, 0.02)
    ]


async def hear(stt: Any, audio: AudioFrame = SIX, options: Any = OPTIONS) -> list[Any]:
    stream = stt.stream(conn_options=options)
    with anyio.fail_after(60):
        try:
            with suppress(RuntimeError):  # it failed; whoever iterates is told how
                for frame in theirs(audio):
                    stream.push_frame(frame)
                    await anyio.sleep(0)
                stream.end_input()
            return [event async for event in stream]
        finally:
            await stream.aclose()


def texts(events: list[Any]) -> str:
    finals = [each for each in events if each.type is Kind.FINAL_TRANSCRIPT]
    return " ".join(final.alternatives[0].text for final in finals)


def torn(*tears: float) -> STT:
    return LiveKitSTT(WordsPlugin(tears))


async def test_it_has_the_grammar_words_and_times_of_livekit() -> None:
    stt = ForLiveKit(torn())
    try:
        assert isinstance(stt, agents.stt.STT)
        assert (stt.model, stt.provider) == ("words-1", "nobody")
        assert stt.capabilities.streaming
        assert stt.capabilities.aligned_transcript == "word"
        events = await hear(stt)
    finally:
        await stt.aclose()

    assert texts(events) == "w1 w2 w3 w4 w5 w6"
    first = next(each for each in events if each.type is Kind.FINAL_TRANSCRIPT).alternatives[0]
    assert isinstance(first.language, agents.LanguageCode)
    assert [str(word) for word in first.words] == ["w1", "w2", "w3"]
    assert first.words[1].start_time == pytest.approx(0.3, abs=0.01)
    start = next(each for each in events if each.type is Kind.START_OF_SPEECH)
    assert start.speech_start_time is not None


async def test_torn_connections_lose_nothing_in_livekit() -> None:
    audio = say_words(range(1, 61), sample_rate=RATE)
    stt = ForLiveKit(torn(*(0.4 + 0.3 * n for n in range(10))))
    try:
        assert texts(await hear(stt, audio)).split() == [f"w{n}" for n in range(1, 61)]
    finally:
        await stt.aclose()


async def test_a_fallback_of_ours_serves_livekit() -> None:
    async with torn(0.5, 0.5) as a, torn() as b:
        stt = ForLiveKit(FallbackAdapter([a, b]))
        try:
            assert texts(await hear(stt)) == "w1 w2 w3 w4 w5 w6"
        finally:
            await stt.aclose()


async def test_recordings_are_recognised_and_measured_once() -> None:
    seen: list[Any] = []
    stt = ForLiveKit(torn(0.0))
    stt.on("metrics_collected", seen.append)
    try:
        event = await stt.recognize(theirs(SIX), conn_options=OPTIONS)
    finally:
        await stt.aclose()
    assert event.alternatives[0].text == "w1 w2 w3 w4 w5 w6"
    assert [type(each) for each in seen] == [agents.metrics.STTMetrics]
    assert seen[0].audio_duration == pytest.approx(SIX.duration)


async def test_usage_of_a_stream_is_told_once() -> None:
    seen: list[Any] = []
    stt = ForLiveKit(torn())
    stt.on("metrics_collected", seen.append)
    try:
        await hear(stt)
    finally:
        await stt.aclose()
    assert sum(each.audio_duration for each in seen) == pytest.approx(SIX.duration)
    assert all(each.streamed for each in seen)


async def test_what_failed_is_raised_and_told_in_livekits_words_once() -> None:
    told: list[Any] = []
    plugin = WordsPlugin([0.1] * 9, error=lost)
    stt = ForLiveKit(LiveKitSTT(plugin))
    stt.on("error", told.append)
    try:
        with pytest.raises(agents.APIConnectionError, match="the line is dead"):
            await hear(stt, options=ONCE)
        with pytest.raises(agents.APIConnectionError, match="the line is dead"):
            await stt.recognize(theirs(SIX), conn_options=ONCE)
    finally:
        await stt.aclose()
    assert plugin.attempts == 2
    failed = [each for each in told if isinstance(each.error, agents.APIConnectionError)]
    assert [each.recoverable for each in failed] == [False, False]
    lost_audio = [each.error for each in told if each not in failed]
    assert all(isinstance(each, AudioLostError) for each in lost_audio), lost_audio


async def test_flush_ends_an_utterance() -> None:
    stt = ForLiveKit(torn())
    stream = stt.stream(conn_options=OPTIONS)
    with anyio.fail_after(60):
        for frame in theirs(say_words([7], sample_rate=RATE, pause=0.1)):
            stream.push_frame(frame)
        stream.flush()
        async for event in stream:
            if event.type is Kind.FINAL_TRANSCRIPT:
                assert event.alternatives[0].text == "w7"
                break
        await stream.aclose()
    await stt.aclose()


async def test_closing_it_closes_the_engine_and_leaves_nothing() -> None:
    plugin = WordsPlugin()
    async with assert_no_leaks():
        stt = ForLiveKit(LiveKitSTT(plugin))
        stream = stt.stream(conn_options=OPTIONS)
        stream.push_frame(theirs(SIX)[0])
        await anyio.sleep(0.05)
        with anyio.fail_after(5):  # benchmarks/ measures it: what it must not do is drain
            await stt.aclose()
    assert plugin.closed
