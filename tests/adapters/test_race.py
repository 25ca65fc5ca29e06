"""Streams that ask a second engine when the first has not answered in time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import anyio
import pytest

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    FallbackAdapter,
    SpeechEvent,
    SpeechEventType,
)
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
    final,
    interim,
    noise,
)

LOST = APIConnectionError("lost")
AUDIO = noise(6.0)
FRAMES = cut(AUDIO, 0.1)


def engine(label: str, *scripts: Iterable[Any]) -> ScriptedSTT:
    return ScriptedSTT(*scripts, label=label)


def says(text: str, end: float) -> Say:
    return Say(final(text, end=end))


async def heard_of(pair: FallbackAdapter, **options: Any) -> list[SpeechEvent]:
    """Push six seconds at the pace they are spoken, and return what was said."""
    with anyio.fail_after(120):
        async with (
            assert_no_leaks(),
            pair.stream(conn_options=APIConnectOptions(**options)) as stream,
            anyio.create_task_group() as tasks,
        ):

            async def speak() -> None:
                for frame in FRAMES:
                    await anyio.sleep(0.1)
                    await stream.send_frame(frame)
                stream.end_input()

            tasks.start_soon(speak)
            events = [event async for event in stream]
    assert stream.statistics().dropped == 0
    return events


def texts(events: list[SpeechEvent]) -> list[str]:
    kind = SpeechEventType.FINAL_TRANSCRIPT
    return [event.alternatives[0].text for event in events if event.type is kind]


def audio_of(stt: ScriptedSTT, attempt: int = 0) -> bytes:
    return stt.heard[attempt].audio


async def test_one_that_answers_in_time_is_alone() -> None:
    a = engine("a", [Hear(1.0), Say(interim("yes")), HearAll(), says("a", 6.0)])
    b = engine("b", [HearAll(), says("b", 6.0)])
    events = await heard_of(FallbackAdapter([a, b], hedge_after=2))
    assert texts(events) == ["a"]
    assert not b.heard


async def test_a_slow_first_is_overtaken_and_nothing_is_lost_or_said_twice() -> None:
    a = engine("a", [Hang()])
    b = engine("b", [Hear(4.0), says("one", 4.0), HearAll(), says("two", 6.0)])
    told: list[str] = []
    pair = FallbackAdapter([a, b], hedge_after=2)
    pair.on("metrics_collected", lambda metrics: told.append(metrics.label))
    events = await heard_of(pair)
    assert texts(events) == ["one", "two"]
    assert audio_of(b) == AUDIO.pcm
    assert a.heard[0].outcome == "cancelled"
    assert told.count("b") == 1


async def test_the_first_may_still_win_after_the_second_was_asked() -> None:
    a = engine("a", [Hear(3.0), says("a", 3.0), HearAll(), says("end", 6.0)])
    b = engine("b", [Hear(5.0), says("b", 5.0), HearAll()])
    events = await heard_of(FallbackAdapter([a, b], hedge_after=2))
    assert texts(events) == ["a", "end"]
    assert audio_of(a) == AUDIO.pcm
    assert b.heard[0].outcome == "cancelled"


async def test_of_two_slow_ones_the_first_to_answer_wins() -> None:
    a = engine("a", [HearAll(), Delay(9), says("a", 6.0)])
    b = engine("b", [HearAll(), Delay(3), says("b", 6.0)])
    events = await heard_of(FallbackAdapter([a, b], hedge_after=2), drain_timeout=60.0)
    assert texts(events) == ["b"]


async def test_when_the_first_fails_during_the_race_the_second_goes_on() -> None:
    a = engine("a", [Hear(3.0), Fail(LOST)])
    b = engine("b", [HearAll(), says("b", 6.0)])
    pair = FallbackAdapter([a, b], hedge_after=2, max_retry_per_stt=0)
    changes: list[bool] = []
    pair.on("stt_availability_changed", lambda event: changes.append(event.available))
    events = await heard_of(pair)
    assert texts(events) == ["b"]
    assert audio_of(b) == AUDIO.pcm
    assert changes[:1] == [False]


async def test_when_the_second_fails_during_the_race_the_first_goes_on() -> None:
    a = engine("a", [HearAll(), says("a", 6.0)])
    b = engine("b", [Hear(1.0), Fail(LOST)])
    pair = FallbackAdapter([a, b], hedge_after=2, max_retry_per_stt=0)
    assert texts(await heard_of(pair)) == ["a"]
    assert audio_of(a) == AUDIO.pcm


async def test_when_the_winner_fails_later_the_loser_gets_its_chance() -> None:
    a = engine("a", [HearAll(), says("rest", 3.0)])
    b = engine("b", [Hear(3.0), says("one", 3.0), Hear(4.0), Fail(LOST)])
    pair = FallbackAdapter([a, b], hedge_after=2, max_retry_per_stt=0)
    assert texts(await heard_of(pair)) == ["one", "rest"]
    assert audio_of(a, 1) == AUDIO.slice(48000).pcm


async def test_when_both_fail_the_stream_fails() -> None:
    a = engine("a", [Hear(3.0), Delay(3), Fail(LOST)])
    b = engine("b", [Hear(4.0), Delay(3), Fail(LOST)])
    pair = FallbackAdapter([a, b], hedge_after=2, max_retry_per_stt=0)
    with pytest.raises(APIConnectionError, match="all STTs failed"), anyio.fail_after(60):
        async with pair.stream() as stream:
            await stream.feed(FRAMES)
            async for _ in stream:
                pass
    assert (len(a.heard), len(b.heard)) == (1, 1)


async def test_silence_does_not_keep_both_for_ever() -> None:
    a = engine("a", [HearAll()])
    b = engine("b", [HearAll()])
    await heard_of(FallbackAdapter([a, b], hedge_after=1), replay_limit=2.0)
    outcomes = sorted(stt.heard[0].outcome for stt in (a, b))
    assert "cancelled" in outcomes


async def test_a_race_keeps_a_minute_of_audio_at_most_whatever_the_replay_limit() -> None:
    a, b = engine("a", [HearAll()]), engine("b", [HearAll()])
    pair = FallbackAdapter([a, b], hedge_after=1)
    options = APIConnectOptions(replay_limit=math.inf)
    with anyio.fail_after(200):
        async with pair.stream(conn_options=options) as stream:
            for second in range(70):
                for frame in cut(noise(1.0), 0.1):
                    await stream.send_frame(frame)
                await anyio.sleep(1)
                outcomes = {stt.heard[0].outcome for stt in (a, b) if stt.heard}
                if second != 59:  # 600 times 0.1 is a little more than 60
                    assert ("cancelled" in outcomes) is (second > 59)
            await stream.aclose()


@pytest.mark.parametrize("after", [0.5, 2.0, 2.5, 4.0])
async def test_closing_or_cancelling_in_a_race_leaves_nothing(after: float) -> None:
    a, b = engine("a", [Hang()]), engine("b", [Hang()])
    pair = FallbackAdapter([a, b], hedge_after=2)
    with anyio.fail_after(60):
        async with assert_no_leaks():
            async with pair.stream() as stream:
                stream.push_frame(FRAMES[0])
                await anyio.sleep(after)
                await stream.aclose()
            with anyio.move_on_after(after):
                async with pair.stream() as stream:
                    await stream.feed([FRAMES[0]])
                    async for _ in stream:
                        pass


async def test_without_audio_nobody_else_is_asked() -> None:
    a, b = engine("a", [HearAll()]), engine("b", [HearAll()])
    with anyio.fail_after(60):
        async with FallbackAdapter([a, b], hedge_after=1).stream() as stream:
            await anyio.sleep(10)
            stream.end_input()
            assert [event async for event in stream] == []
    assert not b.heard
