"""Each channel recognised by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import anyio
import numpy as np
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    AudioFrame,
    RecognizeStream,
    SpeechEventType,
    STTError,
    STTMetrics,
)
from anyio_stt.adapters import MultiChannel
from anyio_stt.testing import (
    Delay,
    Fail,
    Hang,
    Hear,
    HearAll,
    HearMarker,
    Say,
    ScriptedSTT,
    assert_no_leaks,
    cut,
    final,
    interim,
)
from anyio_stt.testing.scripted import ScriptedStream

FINAL = SpeechEventType.FINAL_TRANSCRIPT


def stereo(seconds: float) -> AudioFrame:
    samples = np.random.default_rng(1).integers(-9000, 9000, (round(16000 * seconds), 2))
    return AudioFrame.from_array(samples.astype(np.int16), 16000)


async def test_each_channel_is_heard_by_a_stream_of_its_own() -> None:
    stt = ScriptedSTT()
    audio = stereo(2)

    async with assert_no_leaks():
        with anyio.fail_after(5):
            async with MultiChannel(stt).stream() as stream:
                for frame in cut(audio, 0.03):
                    stream.push_frame(frame)
                stream.end_input()
                events = [event async for event in stream]

    assert sorted((e.channel, e.alternatives[0].text) for e in events if e.type is FINAL) == [
        (0, "2.000 s"),
        (1, "2.000 s"),
    ]
    for channel, heard in enumerate(stt.heard):
        samples = np.concatenate([frame.to_array() for frame in heard.frames])
        assert np.array_equal(samples, audio.to_array()[:, channel])


async def test_a_marker_reaches_every_channel() -> None:
    stt = ScriptedSTT([HearMarker(), Say(final("now"))])

    with anyio.fail_after(5):
        async with MultiChannel(stt).stream() as stream:
            stream.push_frame(stereo(1))
            stream.flush()
            channels = set()
            async for event in stream:
                if event.type is FINAL:
                    channels.add(event.channel)
                if len(channels) == 2:
                    break

    assert channels == {0, 1}


async def test_one_attempt_more_is_made_for_the_channel_that_failed_only() -> None:
    stt = ScriptedSTT([Hear(0.5), Fail(APIConnectionError("lost"))])
    metrics: list[STTMetrics] = []
    adapter = MultiChannel(stt)
    adapter.on("metrics_collected", metrics.append)

    with pytest.raises(APIConnectionError, match="after 4 attempts"), anyio.fail_after(60):
        async with adapter.stream() as stream:
            stream.push_frame(stereo(1))
            stream.end_input()
            async for _ in stream:
                pass

    assert len(stt.heard) <= 8


async def test_no_audio_gives_no_event() -> None:
    with anyio.fail_after(5):
        async with MultiChannel(ScriptedSTT()).stream() as stream:
            stream.end_input()
            assert [event async for event in stream] == []


async def test_a_recording_is_answered_channel_by_channel() -> None:
    stt = ScriptedSTT(recognize=[[Say(lambda heard: final("hi", start=0.1, end=heard.seconds))]])

    answer = await MultiChannel(stt).recognize(stereo(1))

    assert answer.alternatives[0].text == "hi hi"
    assert [heard.frames[0].num_channels for heard in stt.heard] == [1, 1]


class Sides(ScriptedSTT):
    """Plays a script of its own to each channel."""

    def __init__(self, *scripts: Iterable[Any]) -> None:
        super().__init__()
        self._sides = [[tuple(script)] for script in scripts]

    def stream(self, **options: Any) -> ScriptedStream:
        self._scripts = self._sides.pop(0)
        return super().stream(**options)


async def told(adapter: MultiChannel, audio: AudioFrame) -> list[tuple[str, float]]:
    """Return what was said, and how many seconds after the beginning it came."""
    began, said = anyio.current_time(), []
    with anyio.fail_after(60):
        async with adapter.stream() as stream:
            for frame in cut(audio, 0.1):
                stream.push_frame(frame)
            stream.end_input()
            async for event in stream:
                if event.alternatives:
                    text = event.alternatives[0].text
                    said.append((text, round(anyio.current_time() - began, 3)))
    return said


async def test_finals_come_in_the_order_they_began_though_one_engine_is_slower() -> None:
    question = [HearAll(), Delay(1), Say(final("where are you", start=0.2, end=1.2)), Delay(1)]
    answer = [HearAll(), Say(final("at home", start=1.2, end=1.8)), Delay(1)]

    async with assert_no_leaks():
        said = await told(MultiChannel(Sides(answer, question)), stereo(2))

    assert said == [("where are you", 1.0), ("at home", 1.0)]


async def test_a_final_waits_no_longer_than_was_said_for_a_deaf_channel() -> None:
    deaf = [HearAll(), Delay(9)]
    heard = [Hear(1), Say(final("hello", start=0.5, end=1.0)), HearAll()]

    said = await told(MultiChannel(Sides(deaf, heard), reorder_within=3), stereo(2))

    assert said == [("hello", 3.0)]


async def test_a_final_goes_at_once_when_the_others_have_passed_it() -> None:
    before = [Hear(1), Say(final("one", start=0.1, end=1.0)), HearAll(), Delay(9)]
    after = [Hear(1.5), Say(final("two", start=0.8, end=1.5)), HearAll(), Delay(9)]

    said = await told(MultiChannel(Sides(before, after)), stereo(2))

    assert said == [("one", 0.0), ("two", 0.0)]


async def test_guesses_are_not_held() -> None:
    deaf = [HearAll(), Delay(9)]
    guessing = [Hear(1), Say(final("one", start=0.5, end=1.0)), Say(interim("tw")), HearAll()]

    said = await told(MultiChannel(Sides(deaf, guessing)), stereo(2))

    assert said == [("tw", 0.0), ("one", 2.0)]


async def test_finals_that_wait_come_before_the_failure_of_another_channel() -> None:
    failing = [HearAll(), Delay(1), Fail(APIConnectionError("no", retryable=False))]
    heard = [Hear(1), Say(final("hello", start=0.5, end=1.0)), HearAll(), Hang()]
    said: list[str] = []

    async with assert_no_leaks():
        with anyio.fail_after(60):
            async with MultiChannel(Sides(failing, heard)).stream() as stream:
                stream.push_frame(stereo(2))
                stream.end_input()
                with pytest.raises(APIConnectionError, match="no"):
                    async for event in stream:
                        said += [data.text for data in event.alternatives if event.type is FINAL]

    assert said == ["hello"]


async def test_the_wait_of_finals_ends_with_the_stream() -> None:
    deaf = [HearAll(), Hang()]
    heard = [Hear(1), Say(final("hello", start=0.5, end=1.0)), Say(interim("x")), HearAll()]

    async with assert_no_leaks():
        with anyio.fail_after(5):
            async with MultiChannel(Sides(deaf, heard)).stream() as stream:
                stream.push_frame(stereo(2))
                async for event in stream:
                    if event.type is SpeechEventType.INTERIM_TRANSCRIPT:
                        break


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_a_wait_that_cannot_be_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="reorder_within must be seconds from 0 up"):
        MultiChannel(ScriptedSTT(), reorder_within=seconds)


class RefusesTheFirst(ScriptedSTT):
    """The stream that is made first refuses its first second, and hears the rest."""

    def stream(self, **_: Any) -> RecognizeStream:  # type: ignore[override]
        first, self.made = not getattr(self, "made", False), True
        return HalfRefused(self, first)


class HalfRefused(RecognizeStream):
    def __init__(self, stt: STT, refuses: bool) -> None:
        super().__init__(stt=stt, conn_options=APIConnectOptions(), frame_duration=0.5)
        self.refuses = refuses

    async def _run(self) -> None:
        heard = 0.0
        async for item in self._input_ch:
            if not isinstance(item, AudioFrame):
                continue
            heard += item.duration
            if heard == 1.0 and self.refuses:
                self._report_refused(APIStatusError("no", status_code=422), 0.0, 1.0)
            elif heard == 2.0:
                await anyio.sleep(1 if not self.refuses else 0)
                self._event_ch.send_nowait(final("all", start=0.1, end=2.0))


@pytest.mark.contract("S22", "S23")
async def test_what_one_channel_refuses_is_not_settled_before_the_others_are_heard() -> None:
    adapter = MultiChannel(RefusesTheFirst())
    errors: list[STTError] = []
    adapter.on("error", errors.append)
    said: list[int | None] = []
    with anyio.fail_after(5):
        async with adapter.stream() as stream, anyio.create_task_group() as tasks:

            async def read() -> None:
                async for event in stream:
                    if event.type is FINAL:
                        said.append(event.channel)  # noqa: PERF401 - what came counts

            tasks.start_soon(read)
            for frame in cut(stereo(1.0), 0.5):
                await stream.send_frame(frame)
            await anyio.wait_all_tasks_blocked()
            assert len(errors) == 1
            assert stream.statistics().dropped == 1.0
            for frame in cut(stereo(1.0), 0.5):
                await stream.send_frame(frame)
            await stream.finalize()
            await anyio.wait_all_tasks_blocked()
            assert sorted(map(str, said)) == ["0", "1"]
            stream.end_input()
    numbers = stream.statistics()
    assert (numbers.recognised, numbers.dropped) == (1.0, 1.0)
    assert "0.000 to 1.000 s of channel 0 (no " in str(errors[0].error)
