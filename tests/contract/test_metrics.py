"""S20, S21: what is measured, what listeners hear, and that they harm nobody."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    AudioLostError,
    STTError,
    STTMetrics,
)
from anyio_stt.testing import (
    Delay,
    Fail,
    Hang,
    Hear,
    HearAll,
    Repeat,
    Say,
    ScriptedSTT,
    cut,
    final,
    interim,
    noise,
    silence,
    usage,
)

AUDIO = noise(1.0)
FRAME = silence(0.1)
BROKEN = Fail(APIConnectionError("lost", retry_after=0))


async def recognise(stt: Any, frames: Any = None, **options: Any) -> Any:
    with anyio.fail_after(60):
        async with stt.stream(conn_options=APIConnectOptions(**options)) as stream:
            await stream.feed(frames if frames is not None else cut(AUDIO, 0.1))
            async for _ in stream:
                pass
    return stream


# ---- S20


@pytest.mark.any_clock
@pytest.mark.contract("S20")
async def test_each_usage_event_gives_one_measurement(listen_to: Callable[..., Any]) -> None:
    stt = ScriptedSTT(
        [
            Hear(0.4),
            Say(usage(0.4, input_tokens=3, output_tokens=2, request_id="r1")),
            HearAll(),
            Say(usage(0.6, request_id="r2")),
        ]
    )
    told = listen_to(stt)
    await recognise(stt)
    assert [each.audio_duration for each in told.metrics] == [0.4, 0.6]
    first = told.metrics[0]
    assert (first.request_id, first.label, first.streamed) == ("r1", "scripted", True)
    assert (first.input_tokens, first.output_tokens, first.attempts) == (3, 2, 1)
    assert first.error is None


@pytest.mark.any_clock
@pytest.mark.contract("S20")
async def test_the_base_reports_for_an_engine_that_does_not(listen_to: Callable[..., Any]) -> None:
    stt = ScriptedSTT()
    told = listen_to(stt)
    await recognise(stt)
    assert [each.audio_duration for each in told.metrics] == [pytest.approx(1.0)]
    assert told.metrics[0].streamed


@pytest.mark.any_clock
@pytest.mark.contract("S20")
async def test_it_reports_what_was_delivered_when_the_stream_is_closed_early(
    listen_to: Callable[..., Any],
) -> None:
    stt = ScriptedSTT([Hear(0.3), Hang()])
    told = listen_to(stt)
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for frame in cut(AUDIO, 0.1):
                stream.push_frame(frame)
            await anyio.wait_all_tasks_blocked()
    assert [each.audio_duration for each in told.metrics] == [pytest.approx(0.3)]


@pytest.mark.any_clock
@pytest.mark.contract("S20")
async def test_a_stream_that_heard_nothing_reports_nothing(listen_to: Callable[..., Any]) -> None:
    stt = ScriptedSTT()
    told = listen_to(stt)
    await recognise(stt, [])
    assert told.metrics == []


@pytest.mark.any_clock
@pytest.mark.contract("S20")
@pytest.mark.parametrize("reports", [True, False])
async def test_replayed_audio_is_not_counted_twice_and_has_a_field_of_its_own(
    reports: bool, listen_to: Callable[..., Any]
) -> None:
    def report(seconds: float) -> list[Any]:
        return [Say(usage(seconds))] if reports else []

    stt = ScriptedSTT(
        [Hear(0.5), *report(0.5), Say(final("a", end=0.2)), BROKEN],
        [Hear(0.6), *report(0.6), BROKEN],
        [HearAll(), *report(0.8), Say(final("b", end=0.8))],
    )
    told = listen_to(stt)
    stream = await recognise(stt)
    assert sum(each.audio_duration for each in told.metrics) == pytest.approx(1.0)
    replayed = sum(each.replayed_duration for each in told.metrics)
    assert replayed == pytest.approx(0.3 + 0.6)
    assert stream.statistics().replayed == pytest.approx(0.9)
    assert told.metrics[-1].attempts == 3


@pytest.mark.any_clock
@pytest.mark.contract("S20")
async def test_a_usage_event_without_usage_is_logged_and_harms_nobody(
    engine: Callable[..., Any],
    listen_to: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = dataclasses.replace(usage(0.1), recognition_usage=None)
    stt = ScriptedSTT([Say(broken), HearAll(), Say(usage(1.0))])
    told = listen_to(stt)
    with caplog.at_level(logging.WARNING, "anyio_stt"):
        await recognise(stt)
    assert "usage event without recognition_usage" in caplog.text
    assert [each.audio_duration for each in told.metrics] == [1.0]


@pytest.mark.contract("S20")
async def test_a_final_yields_its_delay_from_when_its_audio_was_pushed(
    listen_to: Callable[..., Any],
) -> None:
    stt = ScriptedSTT(
        [Hear(0.5), Delay(0.25), Say(final("a", end=0.4)), Say(usage(0.5)), HearAll()]
    )
    told = listen_to(stt)
    with anyio.fail_after(60):
        async with stt.stream() as stream:
            for frame in cut(AUDIO, 0.1):
                await anyio.sleep(0.1)
                stream.push_frame(frame)
            stream.end_input()
            events = [event async for event in stream]
    # The fourth frame came at 0.4 s, the fifth at 0.5 s, the final 0.25 s later.
    delays = [event.delay for event in events if event.type.name == "FINAL_TRANSCRIPT"]
    assert delays == [pytest.approx(0.35)]
    assert told.metrics[0].delay == pytest.approx(0.35)
    assert stream.statistics().last_delay == pytest.approx(0.35)
    assert all(each.delay is None for each in told.metrics[1:])


@pytest.mark.contract("S20", "S17")
async def test_the_delay_after_a_retry_counts_from_the_first_push() -> None:
    stt = ScriptedSTT([Hear(0.5), Fail(APIConnectionError("lost", retry_after=2.0))])
    stt._scripts.append((Hear(0.5), Say(final("a", end=0.5)), HearAll()))
    with anyio.fail_after(60):
        async with stt.stream() as stream:
            for frame in cut(AUDIO, 0.1)[:5]:
                await anyio.sleep(0.1)
                stream.push_frame(frame)
            stream.end_input()
            events = [event async for event in stream]
    (delay,) = [event.delay for event in events if event.type.name == "FINAL_TRANSCRIPT"]
    assert delay == pytest.approx(2.0)


@pytest.mark.any_clock
@pytest.mark.contract("S20")
async def test_a_final_without_a_time_has_no_delay() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT([HearAll(), Say(final("a"))]).stream() as stream:
            await stream.feed([FRAME])
            events = [event async for event in stream]
    assert [event.delay for event in events] == [None] * 3
    assert stream.statistics().last_delay is None


@pytest.mark.any_clock
@pytest.mark.contract("S20")
async def test_error_is_told_of_each_failed_attempt_and_whether_another_follows(
    listen_to: Callable[..., Any],
) -> None:
    errors = [APIConnectionError(str(number), retry_after=0) for number in range(3)]
    stt = ScriptedSTT(*[[Fail(error)] for error in errors])
    told = listen_to(stt)
    with pytest.raises(APIConnectionError):
        await recognise(stt, max_retry=2)
    *failures, loss = told.errors
    assert [(each.error, each.recoverable, each.attempt) for each in failures] == [
        (errors[0], True, 1),
        (errors[1], True, 2),
        (errors[2], False, 3),
    ]
    # ... and last of all, what that cut off
    assert isinstance(loss.error, AudioLostError)
    assert loss.error.lost[0][0] == 0
    assert not loss.recoverable
    assert {each.label for each in told.errors} == {"scripted"}


@pytest.mark.any_clock
@pytest.mark.contract("S20")
@pytest.mark.parametrize("error", [APIStatusError("no", status_code=401), LookupError("a bug")])
async def test_error_says_so_when_nothing_follows(
    error: Exception, listen_to: Callable[..., Any]
) -> None:
    stt = ScriptedSTT([Fail(error)])
    told = listen_to(stt)
    with pytest.raises(type(error)):
        await recognise(stt)
    assert [(each.error, each.recoverable) for each in told.errors] == [(error, False)]


@pytest.mark.any_clock
@pytest.mark.contract("S20")
async def test_a_measurement_is_there_before_the_block_is_left_even_by_cancellation(
    listen_to: Callable[..., Any],
) -> None:
    stt = ScriptedSTT([Hear(0.1), Say(usage(0.1)), Hang()])
    told = listen_to(stt)
    with anyio.fail_after(5):
        with anyio.CancelScope() as scope:
            async with stt.stream() as stream:
                stream.push_frame(FRAME)
                assert (await stream.__anext__()).type.name == "RECOGNITION_USAGE"
                scope.cancel()
        assert len(told.metrics) == 1


# ---- S21

RAISED = [
    LookupError("a listener's bug"),
    TypeError("likewise"),
    asyncio.CancelledError(),
    GeneratorExit(),
    StopAsyncIteration(),
    BaseException("whatever"),
]


@pytest.mark.any_clock
@pytest.mark.contract("S21")
@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
async def test_a_listener_that_raises_is_logged_and_harms_nobody(
    error: BaseException, listen_to: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    def bad(*args: object) -> None:
        raise error

    stt = ScriptedSTT([BROKEN], [HearAll(), Say(usage(1.0)), Say(final("a", end=1.0))])
    stt.on("metrics_collected", bad)
    stt.on("error", bad)
    told = listen_to(stt)
    stream = await recognise(stt)
    assert stream.statistics().state == "closed"
    assert stream.statistics().recognised == pytest.approx(1.0)
    assert (len(told.metrics), len(told.errors)) == (1, 1)
    assert caplog.text.count("raised") >= 2
    with anyio.fail_after(5):
        await stt.recognize([FRAME])
    assert len(told.metrics) == 2


@pytest.mark.any_clock
@pytest.mark.contract("S21")
async def test_a_listener_may_use_the_stream_it_hears_of() -> None:
    stt = ScriptedSTT([Hear(0.1), Say(usage(0.1)), HearAll()])
    with anyio.fail_after(5):
        async with stt.stream() as stream:

            def listener(metrics: STTMetrics) -> None:
                stream.push_frame(FRAME)
                stt.off("metrics_collected", listener)
                stt.on("metrics_collected", listener)

            stt.on("metrics_collected", listener)
            stream.push_frame(FRAME)
            await anyio.wait_all_tasks_blocked()
            stt.off("metrics_collected", listener)
            stream.end_input()
            async for _ in stream:
                pass
    assert stt.heard[0].seconds == pytest.approx(0.2)


@pytest.mark.any_clock
@pytest.mark.contract("S21")
async def test_statistics_is_a_frozen_snapshot_of_the_whole_stream() -> None:
    steps: list[Any] = [
        Hear(0.4),
        Say(interim("a")),
        Say(final("a", end=0.3)),
        Repeat([Hear(9.0)]),
    ]
    with anyio.fail_after(5):
        stream = ScriptedSTT([Hear(0.2), BROKEN], steps).stream(
            conn_options=APIConnectOptions(replay_limit=0.15)
        )
        assert stream.statistics().state == "created"
        async with stream:
            for frame in cut(AUDIO, 0.1)[:5]:
                stream.push_frame(frame)
            before = stream.statistics()
            assert (before.state, before.delivered, before.recognised) == ("open", 0, 0)
            assert [before.pushed, before.pending] == pytest.approx([0.5, 0.5])
            with pytest.raises(dataclasses.FrozenInstanceError):
                before.pushed = 3.0  # type: ignore[misc]
            while stream.statistics().attempt < 2:
                await anyio.sleep(0.001)
            await anyio.wait_all_tasks_blocked()
            numbers = stream.statistics()
            assert dataclasses.asdict(before)["pushed"] == pytest.approx(0.5)
            assert numbers.attempt == 2
            assert numbers.delivered == pytest.approx(0.5)
            assert numbers.recognised == pytest.approx(0.3)
            assert numbers.dropped == pytest.approx(0.05)
            assert numbers.replayed == pytest.approx(0.15)
            assert numbers.replay == pytest.approx(0.15)
            assert numbers.pending == 0
            assert numbers.peak_pending == pytest.approx(0.5)
            assert numbers.unread_events == 3
            stream.end_input()
            assert stream.statistics().state == "draining"
            async for _ in stream:
                pass
            assert stream.statistics().state == "finished"
        assert stream.statistics().state == "closed"


@pytest.mark.any_clock
@pytest.mark.contract("S21", "S20")
async def test_listeners_get_no_more_arguments_than_they_take() -> None:
    seen: list[object] = []
    stt = ScriptedSTT([Fail(LookupError())])
    stt.on("error", lambda: seen.append("none"))
    stt.on("error", lambda *args: seen.append(len(args)))

    @stt.on("error")
    def decorated(error: STTError) -> None:
        seen.append(error.recoverable)

    with pytest.raises(LookupError):
        await recognise(stt)
    assert seen == ["none", 1, False]
