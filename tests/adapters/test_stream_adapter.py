"""Streams of an engine that recognises recordings only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from anyio_stt import (
    VAD,
    APIConnectionError,
    APIConnectOptions,
    AudioBuffer,
    AudioFrame,
    FallbackAdapter,
    SpeechEvent,
    SpeechEventType,
    StreamAdapter,
    STTCapabilities,
    STTError,
    STTMetrics,
    VADCapabilities,
    VADEvent,
    VADEventType,
    VADStream,
    combine_frames,
)
from anyio_stt.testing import (
    Delay,
    Fail,
    Hang,
    Heard,
    Say,
    ScriptedSTT,
    assert_no_leaks,
    cut,
    final,
    silence,
    tone,
)
from tests.adapters.loud_vad import LoudVAD

START, END = SpeechEventType.START_OF_SPEECH, SpeechEventType.END_OF_SPEECH
FINAL, INTERIM = SpeechEventType.FINAL_TRANSCRIPT, SpeechEventType.INTERIM_TRANSCRIPT
PREFLIGHT = SpeechEventType.PREFLIGHT_TRANSCRIPT
BATCH = STTCapabilities(streaming=False, interim_results=False)


def said(heard: Heard) -> SpeechEvent:
    return final(f"{heard.seconds:.2f} s", start=0.1, end=heard.seconds - 0.2)


def batch(*scripts: Sequence[object]) -> ScriptedSTT:
    return ScriptedSTT(recognize=scripts or [[Say(said)]], capabilities=BATCH)  # type: ignore[arg-type]


def utterances(*seconds: float) -> list[AudioFrame]:
    parts = [silence(0.5)]
    for each in seconds:
        parts += [tone(each), silence(0.5)]
    return cut(combine_frames(parts), 0.05)


async def events_of(adapter: StreamAdapter, frames: Sequence[AudioFrame]) -> list[SpeechEvent]:
    events = []
    with anyio.fail_after(60):
        async with adapter.stream() as stream:
            for frame in frames:
                stream.push_frame(frame)
            stream.end_input()
            events = [event async for event in stream]
    return events


async def test_each_utterance_is_recognised_with_its_times_on_the_streams_clock() -> None:
    events = await events_of(StreamAdapter(stt=batch(), vad=LoudVAD()), utterances(0.5, 0.7))

    first, second = (event for event in events if event.type is FINAL)
    assert [event.type for event in events if event.type in (START, END)] == [START, END] * 2
    starts = [event.time for event in events if event.type is START]
    assert starts == [pytest.approx(0.5), pytest.approx(1.5)]
    # 0.1 s of padding, the tone, and the silence that ended it
    assert (first.alternatives[0].text, second.alternatives[0].text) == ("0.80 s", "1.00 s")
    assert first.alternatives[0].start_time == pytest.approx(0.5)
    assert first.alternatives[0].end_time == pytest.approx(1.0)
    assert second.alternatives[0].start_time == pytest.approx(1.5)


async def test_the_end_of_speech_comes_at_once_and_the_final_when_the_engine_has_answered() -> None:
    adapter = StreamAdapter(stt=batch([Delay(3), Say(said)]), vad=LoudVAD())
    times: dict[SpeechEventType, float] = {}

    with anyio.fail_after(10):
        async with adapter.stream() as stream:
            began = anyio.current_time()
            for frame in utterances(0.5):
                stream.push_frame(frame)
            stream.end_input()
            async for event in stream:
                times[event.type] = anyio.current_time() - began

    assert list(times) == [START, END, FINAL]
    assert times[END] < 0.5
    assert times[FINAL] >= 3


async def test_the_next_utterance_is_heard_while_the_last_is_recognised() -> None:
    adapter = StreamAdapter(stt=batch([Delay(3), Say(said)]), vad=LoudVAD())

    events = await events_of(adapter, utterances(0.5, 0.6, 0.7))

    assert [event.type for event in events] == [START, END] * 3 + [FINAL] * 3
    texts = [event.alternatives[0].text for event in events if event.type is FINAL]
    assert texts == ["0.80 s", "0.90 s", "1.00 s"]


async def test_an_engine_that_lags_holds_up_the_input_and_not_memory() -> None:
    adapter = StreamAdapter(stt=batch([Hang()]), vad=LoudVAD())
    options = APIConnectOptions(max_pending_audio=2)

    with anyio.move_on_after(9):
        async with adapter.stream(conn_options=options) as stream:
            await stream.feed(utterances(*[0.5] * 30))

    statistics = stream.statistics()
    assert statistics.pushed < 8


async def test_an_utterance_without_words_gives_no_final() -> None:
    adapter = StreamAdapter(stt=batch([Say(final(""))]), vad=LoudVAD())

    assert [event.type for event in await events_of(adapter, utterances(0.5))] == [START, END]


async def test_an_engine_without_times_gets_those_of_the_utterance() -> None:
    adapter = StreamAdapter(stt=batch([Say(final("hello"))]), vad=LoudVAD())

    *_, last = await events_of(adapter, utterances(0.5))

    assert last.alternatives[0].start_time == pytest.approx(0.4)
    assert last.alternatives[0].end_time == pytest.approx(1.2)


async def test_only_the_engine_retries() -> None:
    stt = batch([Fail(APIConnectionError("lost"))])
    adapter = StreamAdapter(stt=stt, vad=LoudVAD())

    with pytest.raises(APIConnectionError, match="after 4 attempts"):
        await events_of(adapter, utterances(0.5))
    assert len(stt.heard) == 4

    with pytest.raises(APIConnectionError, match="after 4 attempts"):
        await adapter.recognize(tone(0.5))
    assert len(stt.heard) == 8


async def test_a_failed_attempt_of_the_engine_is_heard_again_by_it_alone() -> None:
    stt = batch([Fail(APIConnectionError("lost"))], [Say(said)])

    events = await events_of(StreamAdapter(stt=stt, vad=LoudVAD()), utterances(0.5))

    assert [event.type for event in events] == [START, END, FINAL]
    assert [heard.seconds for heard in stt.heard] == [pytest.approx(0.8)] * 2


async def test_the_engines_metrics_and_errors_come_through_once_with_its_label() -> None:
    stt = batch([Fail(APIConnectionError("lost"))], [Say(said)])
    adapter = StreamAdapter(stt=stt, vad=LoudVAD())
    metrics: list[STTMetrics] = []
    errors: list[STTError] = []
    adapter.on("metrics_collected", metrics.append)
    adapter.on("error", errors.append)

    await events_of(adapter, utterances(0.5, 0.5))
    await adapter.recognize(tone(0.5))

    assert [each.label for each in metrics] == ["scripted"] * 3
    assert sum(each.audio_duration for each in metrics) == pytest.approx(0.8 + 0.8 + 0.5)
    assert [each.label for each in errors] == ["scripted"] * 3


async def test_a_closed_adapter_hears_no_more_of_its_engine() -> None:
    stt = batch()
    metrics: list[STTMetrics] = []
    async with StreamAdapter(stt=stt, vad=LoudVAD()) as adapter:
        adapter.on("metrics_collected", metrics.append)

    await stt.recognize(tone(0.5))

    assert metrics == []


async def test_a_broken_detector_ends_the_stream_with_its_own_error() -> None:
    vad = LoudVAD()
    vad.failure = ZeroDivisionError("the detector is broken")

    async with assert_no_leaks():
        with pytest.raises(ZeroDivisionError, match="broken"):
            await events_of(StreamAdapter(stt=batch(), vad=vad), utterances(0.5))


async def test_a_marker_ends_the_utterance() -> None:
    adapter = StreamAdapter(stt=batch(), vad=LoudVAD())

    with anyio.fail_after(10):
        async with adapter.stream() as stream:
            stream.push_frame(tone(0.5))
            stream.flush()
            kinds = [(await stream.__anext__()).type for _ in range(3)]

    assert kinds == [START, END, FINAL]


async def test_guesses_mark_what_two_of_them_agree_on() -> None:
    guesses = iter(
        ["ask not", "ask not what", "ask not what", "ask now that you", "ask now that you can"]
    )
    stt = batch([Say(lambda _: final(next(guesses)))])
    adapter = StreamAdapter(stt=stt, vad=LoudVAD(), interim_interval=0.5)
    events = []

    with anyio.fail_after(20):
        async with adapter.stream() as stream, anyio.create_task_group() as tasks:

            async def talk() -> None:
                for frame in cut(combine_frames([silence(0.5), tone(2.2), silence(0.5)]), 0.05):
                    await anyio.sleep(frame.duration)
                    stream.push_frame(frame)
                stream.end_input()

            tasks.start_soon(talk)
            events = [event async for event in stream]

    assert [event.type for event in events] == [
        START, INTERIM, INTERIM, PREFLIGHT, INTERIM, END, FINAL,
    ]  # fmt: skip
    stable = [
        [word.text for word in event.alternatives[0].words or []]
        for event in events
        if event.type in (INTERIM, PREFLIGHT)
    ]
    assert stable == [[], ["ask", "not"], ["ask", "not", "what"], ["ask"]]
    # a guess hears the utterance from its padding on
    assert stt.heard[0].seconds == pytest.approx(0.65, abs=0.06)
    assert stt.heard[1].seconds == pytest.approx(1.15, abs=0.06)


async def test_a_guess_that_fails_harms_nobody() -> None:
    stt = batch([Fail(APIConnectionError("lost"))], [Say(said)])
    adapter = StreamAdapter(stt=stt, vad=LoudVAD(), interim_interval=0.2)

    with anyio.fail_after(20):
        async with adapter.stream() as stream:
            stream.push_frame(tone(0.5))
            await anyio.sleep(0.5)
            stream.end_input()
            events = [event.type async for event in stream]

    assert events == [START, END, FINAL]


def test_an_interval_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="interim_interval must be positive seconds, got 0"):
        StreamAdapter(stt=batch(), vad=LoudVAD(), interim_interval=0)


def test_it_streams_and_says_what_its_engine_can_do() -> None:
    adapter = StreamAdapter(stt=batch(), vad=LoudVAD())

    assert adapter.capabilities.streaming
    assert not adapter.capabilities.interim_results
    assert adapter.capabilities.offline_recognize


class Gated(VAD):
    """Says START at once and END after half a second, and then opens a gate."""

    def __init__(self) -> None:
        super().__init__(capabilities=VADCapabilities(update_interval=0.1, max_speech=9.0))
        self.gate = anyio.Event()

    def stream(self) -> VADStream:
        return GatedStream(self)


class GatedStream(VADStream):
    _vad: Gated

    async def _run(self) -> None:
        frames: list[AudioFrame] = []
        async for item in self._input_ch:
            if isinstance(item, AudioFrame):
                frames.append(item)
                if len(frames) in (1, 5):
                    self._say_edge(frames)

    def _say_edge(self, frames: list[AudioFrame]) -> None:
        starts, heard = len(frames) == 1, len(frames) / 10
        kind = VADEventType.START_OF_SPEECH if starts else VADEventType.END_OF_SPEECH
        event = VADEvent(kind, 0, heard, heard, 0.0, list(frames), speaking=starts)
        self._event_ch.send_nowait(event)
        if not starts:
            self._vad.gate.set()


async def test_a_guess_that_is_answered_with_the_end_begins_no_utterance() -> None:
    vad = Gated()

    class Late(ScriptedSTT):
        async def _recognize_impl(self, buffer: AudioBuffer, **options: Any) -> SpeechEvent:
            guess = not vad.gate.is_set()
            await vad.gate.wait()
            await anyio.sleep(0.0 if guess else 0.05)
            return final("hel" if guess else "hello")

    stt = Late(capabilities=STTCapabilities(streaming=False, interim_results=False))
    with anyio.fail_after(5):
        async with StreamAdapter(stt=stt, vad=vad, interim_interval=0.05).stream() as stream:
            for frame in cut(tone(0.5), 0.1):
                stream.push_frame(frame)
                await anyio.sleep(0.04)
            await anyio.sleep(0.3)
            stream.end_input()
            kinds = [event.type async for event in stream]

    assert kinds.count(SpeechEventType.START_OF_SPEECH) == 1
    assert kinds.count(SpeechEventType.END_OF_SPEECH) == 1


def test_how_much_may_lie_open_follows_from_the_detector() -> None:
    engine = ScriptedSTT(capabilities=STTCapabilities(streaming=False, interim_results=False))
    adapter = StreamAdapter(stt=engine, vad=Gated())
    assert adapter.capabilities.max_uncovered == 9.0 + 5.0 + 60.0
    pair = FallbackAdapter([adapter])
    assert pair.capabilities.max_uncovered == pytest.approx(74.0 * 4 / 3)


@pytest.mark.parametrize("declared", [None, 1])
async def test_mixing_channels_down_is_said_once(
    caplog: pytest.LogCaptureFixture, declared: int | None
) -> None:
    capabilities = STTCapabilities(streaming=False, interim_results=False, num_channels=declared)
    stt = ScriptedSTT(capabilities=capabilities)
    with anyio.fail_after(5):
        async with StreamAdapter(stt=stt, vad=LoudVAD()).stream() as stream:
            await stream.feed([tone(0.5, num_channels=2)] * 3)
            async for _ in stream:
                pass
    told = [each for each in caplog.messages if "mix 2 channels down" in each]
    assert len(told) == 1
