"""A LiveKit plugin as an engine: what it hears and says, how it fails, and how it ends."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import Any

import anyio
import pytest

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    AudioFrame,
    SpeechEvent,
    SpeechEventType,
    StreamAdapter,
)
from anyio_stt.testing import assert_no_leaks, check_stt, cut
from anyio_stt.testing.servers import say_words

from .fake_plugin import RATE, Forgetful, WordsPlugin

from anyio_stt.engines.livekit import LiveKitSTT  # isort: skip - after the skip of what is missing

pytestmark = pytest.mark.real_time
HOMES = pytest.mark.parametrize("thread", [False, True], ids=["same-loop", "thread"])
SOON = APIConnectOptions(retry_interval=0.01, max_retry=30, close_timeout=0.3)
SIX = say_words(range(1, 7), sample_rate=RATE)


async def hear(
    stt: LiveKitSTT, audio: AudioFrame, options: APIConnectOptions = SOON
) -> list[SpeechEvent]:
    with anyio.fail_after(60):
        async with stt.stream(conn_options=options) as stream:
            for frame in cut(audio, 0.02):
                await stream.send_frame(frame)
            stream.end_input()
            return [event async for event in stream]


def texts(events: list[SpeechEvent]) -> str:
    finals = [each for each in events if each.type is SpeechEventType.FINAL_TRANSCRIPT]
    return " ".join(final.alternatives[0].text for final in finals)


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.endswith(" loop")]


@HOMES
async def test_a_plugin_keeps_the_contract(thread: bool) -> None:
    await check_stt(lambda: LiveKitSTT(WordsPlugin(), thread=thread), audio=SIX)
    assert threads() == []


@HOMES
async def test_events_words_speakers_and_languages_come_through(thread: bool) -> None:
    async with LiveKitSTT(WordsPlugin(), thread=thread) as stt:
        assert (stt.model, stt.provider) == ("words-1", "nobody")
        assert stt.label.endswith("fake_plugin.WordsPlugin")
        events = await hear(stt, SIX)

    start = next(each for each in events if each.type is SpeechEventType.START_OF_SPEECH)
    assert start.time == pytest.approx(0.0, abs=0.05)
    final = next(each for each in events if each.type is SpeechEventType.FINAL_TRANSCRIPT)
    data = final.alternatives[0]
    assert (data.text, data.language, data.speaker_id) == ("w1 w2 w3", "en", "S1")
    assert data.start_time == 0.0
    assert data.end_time == pytest.approx(1.1, abs=0.01)
    assert data.words is not None
    assert [word.text for word in data.words] == ["w1", "w2", "w3"]
    assert data.words[1].start_time == pytest.approx(0.3, abs=0.01)
    assert data.words[1].confidence == 0.8


@HOMES
async def test_twenty_torn_connections_lose_nothing(thread: bool) -> None:
    audio = say_words(range(1, 121), sample_rate=RATE)
    tears = [0.4 + 0.23 * n for n in range(20)]
    async with LiveKitSTT(WordsPlugin(tears), thread=thread) as stt:
        events = await hear(stt, audio)

    assert texts(events).split() == [f"w{n}" for n in range(1, 121)]
    starts = [round(each.alternatives[0].start_time, 6) for each in events if each.alternatives]
    assert starts == sorted(starts)


@HOMES
async def test_what_it_fails_with_is_told_in_our_words(thread: bool) -> None:
    import aiohttp

    def refused() -> Exception:
        return aiohttp.ClientResponseError(None, (), status=401, message="no")  # type: ignore[arg-type]

    def reset() -> Exception:
        return aiohttp.ServerDisconnectedError("gone")

    for error, expected in ((refused, APIStatusError), (reset, APIConnectionError)):
        plugin, told = WordsPlugin([0.1] * 9, error=error), list[Any]()
        async with LiveKitSTT(plugin, thread=thread) as stt:
            stt.on("error", told.append)
            with pytest.raises(expected):
                await hear(stt, SIX, APIConnectOptions(max_retry=1, retry_interval=0.01))
            with pytest.raises(expected):
                await stt.recognize(SIX, conn_options=APIConnectOptions(max_retry=0))
        assert plugin.attempts == (2 if expected is APIStatusError else 3)
        assert isinstance(told[0].error, expected)
        assert str(told[0].error).startswith("tests.engines.livekit.fake_plugin.WordsPlugin: ")


@HOMES
async def test_a_mistake_in_a_plugin_leaves_as_itself(thread: bool) -> None:
    plugin = WordsPlugin([0.1], error=lambda: KeyError("oops"))
    async with LiveKitSTT(plugin, thread=thread) as stt:
        with pytest.raises(KeyError, match="oops"):
            await hear(stt, SIX)
    assert plugin.attempts == 1


@HOMES
async def test_recordings_are_recognised_and_measured_once(thread: bool) -> None:
    seen: list[Any] = []
    async with LiveKitSTT(WordsPlugin([0]), thread=thread) as stt:
        stt.on("metrics_collected", seen.append)
        event = await stt.recognize(SIX, language="de", conn_options=SOON)
        assert stt.plugin.languages[-1] == "de"
    assert event.alternatives[0].text == "w1 w2 w3 w4 w5 w6"
    assert [(each.streamed, each.attempts) for each in seen] == [(False, 2)]
    assert seen[0].audio_duration == pytest.approx(SIX.duration)


@HOMES
async def test_usage_is_told_once(thread: bool) -> None:
    seen: list[Any] = []
    async with LiveKitSTT(WordsPlugin(), thread=thread) as stt:
        stt.on("metrics_collected", seen.append)
        await hear(stt, SIX)
    assert sum(each.audio_duration for each in seen) == pytest.approx(SIX.duration)


async def test_channels_are_mixed_and_rates_changed_for_it() -> None:
    mono = say_words(range(1, 4), sample_rate=48000).to_array()
    stereo = AudioFrame.from_array(mono.repeat(2).reshape(-1, 2), 48000)
    async with LiveKitSTT(WordsPlugin()) as stt:
        assert texts(await hear(stt, stereo)) == "w1 w2 w3"


@HOMES
async def test_closing_is_quick_and_closes_the_plugin(thread: bool) -> None:
    plugin = WordsPlugin()
    async with assert_no_leaks():
        async with LiveKitSTT(plugin, thread=thread) as stt, stt.stream() as stream:
            await stream.send_frame(SIX)
            await anyio.sleep(0.05)
            with anyio.fail_after(5):  # benchmarks/ measures it: what it must not do is drain
                await stream.aclose()
        assert plugin.closed
    assert threads() == []


@HOMES
async def test_one_that_ignores_cancellation_is_left_behind_and_named(
    thread: bool, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = WordsPlugin(stubborn=1.5)
    with caplog.at_level(logging.ERROR, "anyio_stt"):
        async with LiveKitSTT(plugin, thread=thread, close_timeout=0.3) as stt:
            with anyio.fail_after(60):
                async with stt.stream(conn_options=SOON) as stream:
                    await stream.send_frame(SIX)
                    await anyio.sleep(0.05)
                    began = anyio.current_time()
                await stream.aclose()
                assert anyio.current_time() - began < 1.2
        await anyio.sleep(1.6)  # until it has ended all the same
    assert "fake_plugin.WordsPlugin ignores" in caplog.text


async def test_one_that_blocks_its_loop_does_not_block_ours() -> None:
    ours_goes_on = threading.Event()

    async def tick() -> None:
        while True:
            await anyio.sleep(0.002)
            ours_goes_on.set()

    def block() -> None:
        ours_goes_on.clear()
        assert ours_goes_on.wait(60), "our loop stood still with it"

    stt = LiveKitSTT(WordsPlugin(block=block), thread=True)
    async with stt, anyio.create_task_group() as tasks:
        tasks.start_soon(tick)
        assert texts(await hear(stt, SIX)) == "w1 w2 w3 w4 w5 w6"
        tasks.cancel_scope.cancel()


async def test_one_that_leaves_in_the_middle_is_asked_again() -> None:
    def has_enough(samples: Any) -> Any:
        raise LookupError(f"{len(samples)} samples were enough")

    class Polite(WordsPlugin):
        def stream(self, **options: Any) -> Any:
            stream = super().stream(**options)
            if self.attempts == 1:
                run = stream._run

                async def leave() -> None:
                    with suppress(LookupError):
                        await run()

                stream._run = leave
                stream._recogniser.feed = has_enough
            return stream

    plugin = Polite()
    async with LiveKitSTT(plugin) as stt:
        assert texts(await hear(stt, SIX)) == "w1 w2 w3 w4 w5 w6"
    assert plugin.attempts == 2


@HOMES
@pytest.mark.parametrize("tells", [False, True], ids=["reads-anew", "tells"])
async def test_one_that_connects_anew_by_itself_loses_nothing(tells: bool, thread: bool) -> None:
    audio, told = say_words(range(1, 31), sample_rate=RATE), list[Any]()
    plugin = Forgetful([0.5, 1.3, 0.9], tells=tells)
    async with LiveKitSTT(plugin, thread=thread) as stt:
        stt.on("error", told.append)
        events = await hear(stt, audio)
    assert texts(events).split() == [f"w{n}" for n in range(1, 31)]
    assert plugin.tears == []
    assert told  # in a thread it may lose a second connection before it is stopped
    assert all("meant to go on without" in str(each.error) for each in told)


@HOMES
async def test_one_that_ends_with_an_open_guess_is_asked_again_once(thread: bool) -> None:
    class Vague(WordsPlugin):
        def stream(self, **options: Any) -> Any:
            stream = super().stream(**options)
            feed = stream._recogniser.feed
            stream._recogniser.finish = list
            stream._recogniser.feed = lambda samples: [
                each for each in feed(samples) if not each.final
            ]
            return stream

    plugin = Vague()
    async with LiveKitSTT(plugin, thread=thread) as stt:
        assert texts(await hear(stt, SIX)) == ""
    assert plugin.attempts == 2


async def test_a_plugin_for_recordings_streams_by_an_adapter() -> None:
    from livekit.agents import stt as theirs

    from tests.adapters.loud_vad import LoudVAD

    class Batch(WordsPlugin):
        def __init__(self) -> None:
            super().__init__()
            self._capabilities = theirs.STTCapabilities(streaming=False, interim_results=True)

    async with LiveKitSTT(Batch()) as batch, StreamAdapter(stt=batch, vad=LoudVAD()) as stt:
        assert not batch.capabilities.interim_results
        with pytest.raises(NotImplementedError):
            batch.stream()
        with anyio.fail_after(60):
            async with stt.stream() as stream, anyio.create_task_group() as tasks:
                tasks.start_soon(stream.feed, cut(SIX, 0.02))
                events = [event async for event in stream]
    assert texts(events) == "w1 w2 w3 w4 w5 w6"
