"""Going on with another engine when one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import anyio
import numpy as np
import pytest

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    AudioFrame,
    FallbackAdapter,
    RecognizeStream,
    SpeechEvent,
    SpeechEventType,
    STTCapabilities,
    STTError,
    STTMetrics,
    combine_frames,
)
from anyio_stt.adapters import AvailabilityChangedEvent, MultiSpeakerAdapter
from anyio_stt.testing import (
    Delay,
    Fail,
    Hang,
    Hear,
    HearAll,
    Say,
    ScriptedSTT,
    assert_no_leaks,
    cut,
    end_of_speech,
    final,
    interim,
    noise,
    start_of_speech,
    tone,
)
from tests.adapters.loud_vad import LoudVAD

START, END = SpeechEventType.START_OF_SPEECH, SpeechEventType.END_OF_SPEECH
FINAL = SpeechEventType.FINAL_TRANSCRIPT
LOST = APIConnectionError("lost")
BATCH = STTCapabilities(streaming=False, interim_results=False)


def engine(label: str, *scripts: Iterable[Any], **options: Any) -> ScriptedSTT:
    return ScriptedSTT(*scripts, label=label, **options)


def says(text: str, end: float = 0.0) -> Say:
    return Say(final(text, end=end))


async def run(
    stream: RecognizeStream, frames: Sequence[AudioFrame], pace: float = 0.0
) -> list[SpeechEvent]:
    events = []
    with anyio.fail_after(600):
        async with stream:
            for frame in frames:
                stream.push_frame(frame)
                if pace:
                    await anyio.sleep(pace)
            stream.end_input()
            events = [event async for event in stream]
    return events


def finals(events: Iterable[SpeechEvent]) -> list[tuple[str, float, float]]:
    return [
        (
            event.alternatives[0].text,
            event.alternatives[0].start_time,
            event.alternatives[0].end_time,
        )
        for event in events
        if event.type is FINAL
    ]


def pcm(frames: Sequence[AudioFrame]) -> bytes:
    return b"".join(frame.pcm for frame in frames)


def _here(text: str) -> Callable[[Any], SpeechEvent]:
    return lambda heard: final(text, end=heard.seconds)


def in_seconds(*steps: Any) -> list[Any]:
    """Make a script that takes *steps* after each second it has heard."""
    return [step for second in range(1, 60) for step in (Hear(second), *steps)]


ONCE: dict[str, Any] = {"max_retry_per_stt": 0}


async def test_while_it_works_the_first_engine_hears_everything() -> None:
    a, b = engine("a"), engine("b")

    events = await run(FallbackAdapter([a, b]).stream(), cut(tone(2), 0.1))

    assert [text for text, *_ in finals(events)] == ["2.000 s"]
    assert (len(a.heard), len(b.heard)) == (1, 0)


@pytest.mark.parametrize(
    "dying",
    [
        pytest.param([Fail(LOST)], id="connecting"),
        pytest.param([Hear(0.5), Fail(LOST)], id="hearing"),
        pytest.param([Hear(1.2), Say(interim("half a wo")), Fail(LOST)], id="mid-word"),
        pytest.param([HearAll(), Fail(LOST)], id="after the end of the input"),
        pytest.param([HearAll(), Delay(3), Fail(LOST)], id="draining"),
        pytest.param([Hear(1), Fail(APIStatusError("no", status_code=401))], id="refused"),
        pytest.param([Hear(1), Fail(ZeroDivisionError("a bug"))], id="broken"),
    ],
)
async def test_the_next_engine_hears_all_that_no_final_covers_wherever_one_fails(
    dying: list[Any],
) -> None:
    a, b = engine("a", dying), engine("b")
    audio = noise(2)

    async with assert_no_leaks():
        events = await run(FallbackAdapter([a, b], **ONCE).stream(), cut(audio, 0.1))

    (heard,) = b.heard
    assert pcm(heard.frames) == audio.pcm
    assert finals(events) == [("2.000 s", 0.0, 2.0)]
    assert (len(a.heard), len(b.heard)) == (1, 1)


async def test_what_a_final_covers_is_not_heard_again_and_times_go_on() -> None:
    a = engine("a", [Hear(1.5), says("one", 1.0), Fail(LOST)])
    b = engine("b", [HearAll(), Say(final("two", start=0.25, end=1.0))])
    audio = noise(2)

    events = await run(FallbackAdapter([a, b], **ONCE).stream(), cut(audio, 0.1))

    assert finals(events) == [("one", 0.0, 1.0), ("two", 1.25, 2.0)]
    assert pcm(b.heard[0].frames) == audio.slice(16000).pcm


async def test_the_final_of_an_engine_without_a_clock_covers_what_that_has_read_only() -> None:
    a = engine("a", [Hear(0.5), says("one"), Hear(1.0), says("two"), says("three"), Fail(LOST)])
    b = engine("b")
    audio = noise(5)

    events = await run(FallbackAdapter([a, b], **ONCE).stream(), cut(audio, 0.1))

    assert [text for text, *_ in finals(events)] == ["one", "two", "three", "4.000 s"]
    assert sum(frame.samples_per_channel for frame in b.heard[0].frames) == pytest.approx(
        64000, abs=50
    )


async def test_each_engine_is_tried_as_often_as_was_said_and_no_more() -> None:
    a, b = engine("a", [Hear(1), Fail(LOST)]), engine("b", [Hear(1), Fail(LOST)])
    options = APIConnectOptions(max_retry=7)

    with pytest.raises(APIConnectionError, match=r"all STTs failed \(a, b\)"):
        await run(
            FallbackAdapter([a, b], max_retry_per_stt=2).stream(conn_options=options), [tone(2)]
        )

    assert (len(a.heard), len(b.heard)) == (3, 3)


async def test_an_engine_that_hangs_is_left_after_the_attempt_timeout() -> None:
    a, b = engine("a", [Hang()]), engine("b")
    began = anyio.current_time()

    events = await run(FallbackAdapter([a, b], attempt_timeout=3, **ONCE).stream(), [tone(2)])

    assert finals(events) == [("2.000 s", 0.0, 2.0)]
    assert 3 <= anyio.current_time() - began < 4


async def test_the_members_reports_come_through_once_with_their_labels() -> None:
    a, b = engine("a", [Hear(0.5), says("one", 0.5), Fail(LOST)]), engine("b")
    adapter = FallbackAdapter([a, b], **ONCE)
    metrics: list[STTMetrics] = []
    errors: list[STTError] = []
    changes: list[AvailabilityChangedEvent] = []
    adapter.on("metrics_collected", metrics.append)
    adapter.on("error", errors.append)
    adapter.on("stt_availability_changed", changes.append)

    await run(adapter.stream(), cut(tone(2), 0.1))

    assert [each.label for each in metrics] == ["a", "b"]
    assert [each.audio_duration for each in metrics] == pytest.approx([0.5, 1.5])
    assert [each.label for each in errors] == ["a"]
    assert changes == [AvailabilityChangedEvent(a, False)]


def failing_until(recovery: float, say: str, log: list[float]) -> Callable[[Any], SpeechEvent]:
    def speak(heard: Any) -> SpeechEvent:
        log.append(anyio.current_time())
        if anyio.current_time() < recovery:
            raise APIConnectionError("still down")
        return final(say, end=heard.seconds)

    return speak


async def test_a_stream_returns_to_the_first_engine_once_that_has_answered_two_probes() -> None:
    tries: list[float] = []
    began = anyio.current_time()
    speak = failing_until(began + 8, "a", tries)
    sentence = [Say(start_of_speech()), Say(speak), Say(end_of_speech())]
    a = engine("a", in_seconds(*sentence))
    b = engine("b", in_seconds(Say(start_of_speech()), Say(_here("b")), Say(end_of_speech())))
    adapter = FallbackAdapter([a, b], retry_interval=2, **ONCE)
    changes: list[tuple[str, bool, float]] = []
    adapter.on(
        "stt_availability_changed",
        lambda event: changes.append(
            (event.stt.label, event.available, anyio.current_time() - began)
        ),
    )

    async with assert_no_leaks():
        events = await run(adapter.stream(), cut(tone(40), 0.1), pace=0.1)

    spoken = [text for text, *_ in finals(events)]
    switch = spoken.index("a")
    assert set(spoken[:switch]) == {"b"}
    assert set(spoken[switch:]) == {"a"}
    assert [(label, up) for label, up, _ in changes] == [("a", False), ("a", True)]
    assert 10 < changes[1][2] < 30
    # every second was said once, in order
    ends = [end for *_, end in finals(events)]
    assert ends == pytest.approx([float(second) for second in range(1, 41)])


async def test_a_probe_does_not_outlive_its_stream() -> None:
    a, b = engine("a", [Fail(LOST)], [Hang()]), engine("b", in_seconds(Say(_here("b"))))
    adapter = FallbackAdapter([a, b], retry_interval=1, **ONCE)

    async with assert_no_leaks():
        await run(adapter.stream(), cut(tone(5), 0.1), pace=0.1)


async def test_streams_begun_while_the_first_engine_is_down_go_to_the_second() -> None:
    a, b = engine("a", [Fail(LOST)]), engine("b")
    adapter = FallbackAdapter([a, b], **ONCE)

    await run(adapter.stream(), [tone(1)])
    await run(adapter.stream(), [tone(1)])

    assert (len(a.heard), len(b.heard)) == (1, 2)


async def test_when_all_are_down_all_are_tried_again() -> None:
    a, b = engine("a", [Fail(LOST)]), engine("b", [Fail(LOST)])
    adapter = FallbackAdapter([a, b], **ONCE)

    for _ in range(2):
        with pytest.raises(APIConnectionError, match="all STTs failed"):
            await run(adapter.stream(), [tone(1)])

    assert (len(a.heard), len(b.heard)) == (2, 2)


async def test_a_batch_engine_streams_with_the_detector_given() -> None:
    a = engine("a", [Fail(LOST)])
    b = engine("b", recognize=[[says("hello")]], capabilities=BATCH)

    events = await run(FallbackAdapter([a, b], vad=LoudVAD(), **ONCE).stream(), [tone(1)])

    assert finals(events) == [("hello", 0.0, 1.0)]


async def test_more_silence_than_may_be_replayed_is_no_loss() -> None:
    from anyio_stt.testing import silence

    a = engine("a", recognize=[[Fail(LOST)]], capabilities=BATCH)
    b = engine("b")
    options = APIConnectOptions(replay_limit=12)
    adapter = FallbackAdapter([a, b], vad=LoudVAD(), **ONCE)

    with anyio.fail_after(60):
        async with adapter.stream(conn_options=options) as stream:
            for frame in cut(combine_frames([silence(40), tone(1), silence(1)]), 0.1):
                await stream.send_frame(frame)
            stream.end_input()
            events = [event async for event in stream]
            assert stream.statistics().dropped == 0

    assert len(finals(events)) == 1
    assert b.heard[0].seconds < 13


async def test_who_asks_for_a_longer_wait_than_the_retry_interval_is_not_waited_for() -> None:
    busy = APIStatusError("overloaded", status_code=503, retry_after=3600.0)
    a = engine("a", [Fail(busy)], recognize=[[Fail(busy)]])
    b = engine("b", recognize=[[says("b")]])
    began = anyio.current_time()

    events = await run(FallbackAdapter([a, b]).stream(), [tone(1)])
    answer = await FallbackAdapter([a, b]).recognize(tone(1))

    assert finals(events) == [("1.000 s", 0.0, 1.0)]
    assert answer.alternatives[0].text == "b"
    assert anyio.current_time() - began < 1


async def test_who_asks_to_be_left_alone_is_not_probed_meanwhile() -> None:
    busy = APIStatusError("overloaded", status_code=503, retry_after=30.0)
    a, b = engine("a", [Fail(busy)]), engine("b", in_seconds(Say(_here("b"))))

    await run(FallbackAdapter([a, b], retry_interval=1).stream(), cut(tone(25), 0.1), pace=0.1)

    assert len(a.heard) == 1


@pytest.mark.parametrize("pending", [0.5, 0.05])
async def test_little_room_for_waiting_audio_hinders_nobody(pending: float) -> None:
    a, b = engine("a", [Hear(2.0), Fail(LOST)]), engine("b")
    options = APIConnectOptions(max_pending_audio=pending)

    with anyio.fail_after(60):
        async with (
            FallbackAdapter([a, b], **ONCE).stream(conn_options=options) as stream,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(stream.feed, cut(tone(3), 0.05))
            events = [event async for event in stream]

    assert finals(events) == [("3.000 s", 0.0, 3.0)]


@pytest.mark.parametrize("ended", [False, True])
async def test_a_member_that_is_closed_under_its_stream_has_failed(ended: bool) -> None:
    a, b = engine("a", [HearAll(), Hang()]), engine("b")
    with anyio.fail_after(60):
        async with FallbackAdapter([a, b], **ONCE).stream() as stream:
            stream.push_frame(tone(1))
            if ended:
                stream.end_input()
            await anyio.sleep(0.2)
            await a.aclose()
            if not ended:
                await stream.feed([tone(1)])
            events = [event async for event in stream]

    assert finals(events) == [("1.000 s", 0.0, 1.0) if ended else ("2.000 s", 0.0, 2.0)]


async def test_who_was_left_for_a_preferred_engine_goes_on_when_that_fails_again() -> None:
    sentence = [Say(start_of_speech()), Say(_here("b")), Say(end_of_speech())]
    fails: list[Any] = [Fail(LOST)]
    works: list[Any] = [HearAll(), Say(_here("a"))]
    plans = iter([fails, works, works])

    class Relapses(ScriptedSTT):
        def stream(self, **options: Any) -> Any:
            self._scripts = [tuple(next(plans, fails))]
            return super().stream(**options)

    a, b = Relapses(label="a"), engine("b", in_seconds(*sentence))
    adapter = FallbackAdapter([a, b], retry_interval=1, **ONCE)

    events = await run(adapter.stream(), cut(tone(20), 0.1), pace=0.1)

    assert {text for text, *_ in finals(events)} == {"b"}
    assert finals(events)[-1][2] == pytest.approx(20.0)
    assert len(b.heard) == 2


async def test_when_every_engine_hangs_the_stream_fails_after_the_deadline_of_each() -> None:
    a, b = engine("a", [Hang()]), engine("b", [Hang()])
    began = anyio.current_time()

    with pytest.raises(APIConnectionError, match="all STTs failed"):
        await run(FallbackAdapter([a, b], attempt_timeout=3).stream(), [tone(2)])

    assert anyio.current_time() - began < 13


@pytest.mark.parametrize("interval", [0.0, 1.0])
async def test_members_are_probed_without_a_stream_in_the_adapters_block(interval: float) -> None:
    a = engine("a", [HearAll(), says("a")], recognize=[[Fail(LOST)]])
    b = engine("b", recognize=[[says("b")]])
    back = anyio.Event()

    adapter = FallbackAdapter([a, b], retry_interval=interval, **ONCE)
    adapter.on("stt_availability_changed", lambda change: back.set() if change.available else None)

    async with assert_no_leaks(), adapter:
        assert (await adapter.recognize(tone(1))).alternatives[0].text == "b"
        with anyio.fail_after(5):
            await back.wait()

    assert len(a.heard) == 3  # a recording and two probes


async def test_what_leaves_the_adapters_block_leaves_as_itself() -> None:
    with pytest.raises(LookupError, match="mine"):
        async with FallbackAdapter([engine("a")]) as adapter:
            await adapter.aclose()
            await anyio.sleep(1)  # closing it cancels nobody in its block
            raise LookupError("mine")


async def test_a_switch_that_worked_is_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    a, b = engine("a", [Fail(LOST)]), engine("b")

    await run(FallbackAdapter([a, b], **ONCE).stream(), [tone(1)])

    mine = [each for each in caplog.records if "goes on" in each.getMessage()]
    assert [each.getMessage() for each in mine] == ["a failed: lost; b goes on"]
    told = [each for each in caplog.records if each.levelname not in {"DEBUG", "INFO"}]
    assert told == mine
    assert not mine[0].exc_info


# ---- recordings


async def test_a_refused_recording_is_given_to_who_is_up_and_nobody_is_down_for_it() -> None:
    refused = APIStatusError("too short", status_code=400)
    a, b = engine("a", recognize=[[Fail(refused)]]), engine("b", recognize=[[Fail(refused)]])
    adapter = FallbackAdapter([a, b])
    changes: list[AvailabilityChangedEvent] = []
    adapter.on("stt_availability_changed", changes.append)

    with pytest.raises(APIStatusError, match="too short"):
        await adapter.recognize(tone(1))
    b._recognize_scripts = [(says("b"),)]
    answer = await adapter.recognize(tone(1))

    assert answer.alternatives[0].text == "b"
    assert changes == []


async def test_a_recording_goes_to_the_next_engine_when_one_fails() -> None:
    a = engine("a", recognize=[[Fail(LOST)]])
    b = engine("b", recognize=[[says("hello")]])
    adapter = FallbackAdapter([a, b])
    metrics: list[STTMetrics] = []
    adapter.on("metrics_collected", metrics.append)

    answer = await adapter.recognize(tone(1))

    assert answer.alternatives[0].text == "hello"
    assert (len(a.heard), len(b.heard)) == (2, 1)
    assert [each.label for each in metrics] == ["b"]


async def test_a_recording_that_no_engine_recognises_says_which_were_asked() -> None:
    a, b = engine("a", recognize=[[Fail(LOST)]]), engine("b", recognize=[[Fail(LOST)]])

    with pytest.raises(APIConnectionError, match=r"all STTs failed \(a, b\)") as caught:
        await FallbackAdapter([a, b]).recognize(
            tone(1), conn_options=APIConnectOptions(max_retry=5)
        )

    assert caught.value.__cause__ is not None
    assert (len(a.heard), len(b.heard)) == (2, 2)


async def test_recordings_go_back_to_the_first_engine_when_it_is_due_and_works() -> None:
    a = engine("a", recognize=[[Fail(LOST)]])
    b = engine("b", recognize=[[says("b")]])
    adapter = FallbackAdapter([a, b], retry_interval=5, **ONCE)
    await adapter.recognize(tone(1))
    a._recognize_scripts = [(says("a"),)]

    texts = []
    for _ in range(4):
        texts.append((await adapter.recognize(tone(1))).alternatives[0].text)
        await anyio.sleep(6)

    assert texts == ["b", "a", "a", "a"]


async def test_a_hedged_recording_takes_the_first_answer() -> None:
    a = engine("a", recognize=[[Delay(8), says("a")]])
    b = engine("b", recognize=[[Delay(1), says("b")]])
    began = anyio.current_time()

    async with assert_no_leaks():
        answer = await FallbackAdapter([a, b], hedge_after=2).recognize(tone(1))

    assert answer.alternatives[0].text == "b"
    assert anyio.current_time() - began == pytest.approx(3, abs=0.1)
    assert a.heard[0].outcome == "cancelled"


def test_an_adapter_without_engines_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one STT, got none"):
        FallbackAdapter([])


def test_an_engine_that_cannot_stream_needs_a_detector() -> None:
    with pytest.raises(ValueError, match="b recognises recordings only; give vad="):
        FallbackAdapter([engine("a"), engine("b", capabilities=BATCH)])


@pytest.mark.parametrize("kind", ["fallback", "speakers"])
async def test_channels_that_members_mix_down_are_told_of_once(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    able = STTCapabilities(streaming=True, interim_results=True, diarization=True, num_channels=1)
    members = [ScriptedSTT(capabilities=able, label=label) for label in "ab"]
    two = members[0], FallbackAdapter(members)
    adapter = two[1] if kind == "fallback" else MultiSpeakerAdapter(stt=two[0])
    stereo = AudioFrame.from_array(np.ones((1600, 2), np.int16), 16000)
    with anyio.fail_after(5):
        async with adapter.stream() as stream:
            await stream.feed([stereo, stereo])
            assert [event async for event in stream]
    assert [frame.num_channels for frame in members[0].heard[0].frames] == [1, 1]
    told = [each for each in caplog.messages if "such as a, mix 2 channels down" in each]
    assert len(told) == 1
