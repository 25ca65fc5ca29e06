"""S4, S5: aborting, draining, and closing the whole engine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    RecognizeStream,
    SpeechEvent,
    SpeechEventType,
    StreamClosedError,
)
from anyio_stt.testing import (
    Delay,
    Fail,
    Hang,
    Hear,
    HearAll,
    Say,
    ScriptedSTT,
    Swallow,
    assert_no_leaks,
    final,
    noise,
    silence,
)

FRAME = silence(0.1)
HASTY = APIConnectOptions(close_timeout=0.02, max_retry=0)


async def read(stream: RecognizeStream, into: list[Any]) -> None:
    async for event in stream:
        into.append(event)  # noqa: PERF401 - what came counts if it fails
    into.append("end")


# ---- S4


@pytest.mark.any_clock
@pytest.mark.contract("S4")
async def test_the_run_loop_has_ended_when_aclose_returns() -> None:
    stt = ScriptedSTT([Hang()])
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            await anyio.wait_all_tasks_blocked()
            await stream.aclose()
            assert stt.heard[0].outcome == "cancelled"
            assert stream.statistics().state == "closed"


@pytest.mark.any_clock
@pytest.mark.contract("S4")
async def test_aclose_is_idempotent_and_may_be_called_by_several_tasks_at_once() -> None:
    stt = ScriptedSTT([Hang()])
    with anyio.fail_after(5):
        async with assert_no_leaks(), stt.stream() as stream:
            async with anyio.create_task_group() as tg:
                for _ in range(5):
                    tg.start_soon(stream.aclose)
            await stream.aclose()
            assert stt.heard[0].outcome == "cancelled"
        await stream.aclose()


@pytest.mark.any_clock
@pytest.mark.contract("S4")
async def test_a_consumer_blocked_elsewhere_sees_the_end_of_iteration() -> None:
    seen: list[Any] = []
    with anyio.fail_after(5):
        async with ScriptedSTT([Hang()]).stream() as stream, anyio.create_task_group() as tg:
            tg.start_soon(read, stream, seen)
            await anyio.wait_all_tasks_blocked()
            await stream.aclose()
    assert seen == ["end"]


@pytest.mark.any_clock
@pytest.mark.contract("S4")
async def test_the_body_of_the_block_goes_on_uncancelled() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT([Hang()]).stream() as stream:
            await stream.aclose()
            await anyio.sleep(0.001)
            for _ in range(3):
                await checkpoint()
            went_on = True
    assert went_on


@pytest.mark.any_clock
@pytest.mark.contract("S4")
async def test_what_was_said_before_aclose_can_still_be_read() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT([Say(final("a")), Say(final("b")), Hang()]).stream() as stream:
            first = await stream.__anext__()
            await stream.aclose()
            rest = [event async for event in stream]
    kinds = [event.type.name for event in [first, *rest]]
    assert kinds == ["START_OF_SPEECH", "FINAL_TRANSCRIPT", "FINAL_TRANSCRIPT", "END_OF_SPEECH"]


@pytest.mark.any_clock
@pytest.mark.contract("S4")
async def test_aclose_during_the_wait_between_attempts_does_not_wait_for_it() -> None:
    stt = ScriptedSTT([Fail(APIConnectionError("lost", retry_after=3600))])
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            await anyio.wait_all_tasks_blocked()
            await stream.aclose()
            assert [event async for event in _started(stream)] == []
    assert len(stt.heard) == 1


def _started(stream: RecognizeStream) -> Any:
    stream._core_delivery.iterated = True
    return stream


@pytest.mark.contract("S4")
async def test_aclose_stops_waiting_for_an_engine_that_swallows_cancellation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stt = ScriptedSTT([Swallow(2.0)], label="stubborn")
    with anyio.fail_after(5):
        async with stt.stream(conn_options=HASTY) as stream:
            await anyio.wait_all_tasks_blocked()
            began = anyio.current_time()
            with caplog.at_level(logging.WARNING, "anyio_stt"):
                await stream.aclose()
            assert anyio.current_time() - began == pytest.approx(0.02)
            assert "stubborn does not end 0.02 s after it was cancelled" in caplog.text


@pytest.mark.contract("S4")
async def test_a_consumer_is_not_left_waiting_for_an_engine_that_swallows_cancellation() -> None:
    seen: list[Any] = []
    with anyio.fail_after(5):
        stream = ScriptedSTT([Say(final("a")), Swallow(3.0)]).stream(conn_options=HASTY)
        async with stream, anyio.create_task_group() as tg:
            tg.start_soon(read, stream, seen)
            await anyio.wait_all_tasks_blocked()
            began = anyio.current_time()
            await stream.aclose()
            await anyio.wait_all_tasks_blocked()
            assert seen[-1] == "end"
            assert anyio.current_time() - began < 1


@pytest.mark.contract("S4", "S14")
async def test_what_such_an_engine_fails_with_later_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stt = ScriptedSTT([Swallow(1.0), Fail(LookupError("a late bug"))], label="stubborn")
    with anyio.fail_after(5):
        with caplog.at_level(logging.ERROR, "anyio_stt"):
            async with stt.stream(conn_options=HASTY) as stream:
                await anyio.wait_all_tasks_blocked()
                await stream.aclose()
    assert "stubborn failed after it was closed" in caplog.text
    assert "a late bug" in caplog.text


@pytest.mark.contract("S4")
async def test_leaving_the_block_waits_for_such_an_engine_and_says_so_each_period(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stt = ScriptedSTT([Swallow(1.05)], label="stubborn")
    options = APIConnectOptions(close_timeout=0.25)
    with anyio.fail_after(5):
        with caplog.at_level(logging.WARNING, "anyio_stt"):
            async with stt.stream(conn_options=options):
                await anyio.wait_all_tasks_blocked()
        assert stt.heard[0].outcome != "running"
    assert caplog.text.count("stubborn does not end") == 4


@pytest.mark.contract("S4")
async def test_it_says_so_too_when_the_block_is_left_by_cancellation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stt = ScriptedSTT([Swallow(1.05)], label="stubborn")
    options = APIConnectOptions(close_timeout=0.25)
    with anyio.fail_after(5):
        with caplog.at_level(logging.WARNING, "anyio_stt"), anyio.CancelScope() as scope:
            async with stt.stream(conn_options=options):
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
                await checkpoint()
        assert stt.heard[0].outcome != "running"
    assert caplog.text.count("stubborn does not end") == 4


@pytest.mark.contract("S4")
async def test_cancelling_aclose_leaves_the_engine_cancelled_all_the_same() -> None:
    stt = ScriptedSTT([Hang()])
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            await anyio.wait_all_tasks_blocked()
            with anyio.CancelScope() as scope:
                scope.cancel()
                await stream.aclose()
            await anyio.wait_all_tasks_blocked()
            assert stt.heard[0].outcome == "cancelled"


@pytest.mark.contract("S4", "S14")
async def test_what_an_engine_raises_while_it_is_closed_is_not_hidden_unless_it_is_the_connection(
    engine: Callable[..., Any],
) -> None:
    def raising(error: Exception) -> Any:
        async def run(stream: Any) -> None:
            try:
                await anyio.sleep_forever()
            finally:
                raise error

        return engine(run)

    with anyio.fail_after(5):
        async with raising(APIConnectionError("the socket broke")).stream() as stream:
            await anyio.wait_all_tasks_blocked()
        bug = LookupError("a bug in its cleanup")
        with pytest.raises(LookupError) as caught:
            async with raising(bug).stream() as stream:
                await anyio.wait_all_tasks_blocked()
        assert stream.statistics().state == "closed"
    assert caught.value is bug


# ---- S5


@pytest.mark.any_clock
@pytest.mark.contract("S5")
async def test_end_input_drains_then_iteration_ends() -> None:
    audio = noise(1.0)
    stt = ScriptedSTT([Hear(0.2), Say(final("a", end=0.2)), HearAll(), Say(final("b", end=1.0))])
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            stream.push_frame(audio.slice(0, 3200))
            stream.push_frame(audio.slice(3200))
            stream.end_input()
            texts = [e.alternatives[0].text async for e in stream if e.alternatives]
            assert stream.statistics().state == "finished"
    assert texts == ["a", "b"]
    assert stt.heard[0].audio == audio.pcm


@pytest.mark.contract("S5")
async def test_end_input_while_an_attempt_fails_still_drains() -> None:
    stt = ScriptedSTT(
        [Hear(0.1), Fail(APIConnectionError("lost"))],
        [HearAll(), Delay(0.1), Say(final("all"))],
    )
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for _ in range(3):
                stream.push_frame(FRAME)
            stream.end_input()
            texts = [e.alternatives[0].text async for e in stream if e.alternatives]
    assert texts == ["all"]
    assert stt.heard[1].seconds == pytest.approx(0.3)


@pytest.mark.any_clock
@pytest.mark.contract("S5", "S9")
async def test_end_input_after_the_engine_returned_early_is_no_error() -> None:
    options = APIConnectOptions(max_retry=0)
    with anyio.fail_after(5), pytest.raises(APIConnectionError, match="returned before it had"):
        async with ScriptedSTT([Say(final("enough"))]).stream(conn_options=options) as stream:
            await anyio.wait_all_tasks_blocked()
            assert stream.statistics().state == "failed"
            stream.flush()
            stream.end_input()


@pytest.mark.any_clock
@pytest.mark.contract("S5")
async def test_closing_the_stt_closes_every_stream_and_ends_every_recognize(
    engine: Callable[..., Any],
) -> None:
    cancelled: list[str] = []

    async def hang(name: Any) -> SpeechEvent:
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.append("recognize" if isinstance(name, list) else "stream")
        raise AssertionError

    stt = engine(hang, recognize=hang)
    refused: list[StreamClosedError] = []
    seen: list[Any] = []

    async def recognize() -> None:
        with pytest.raises(StreamClosedError, match="was closed while it recognised") as caught:
            await stt.recognize([FRAME])
        refused.append(caught.value)

    with anyio.fail_after(5):
        async with assert_no_leaks(), anyio.create_task_group() as tg:
            for _ in range(3):
                tg.start_soon(recognize)
                tg.start_soon(read, stt.stream().start(tg), seen)
            await anyio.wait_all_tasks_blocked()
            await stt.aclose()
            assert sorted(cancelled).count("stream") == 3
            await anyio.wait_all_tasks_blocked()
    assert cancelled.count("recognize") == 3
    assert seen == ["end"] * 3
    assert len(refused) == 3
    with anyio.fail_after(5):
        with pytest.raises(StreamClosedError, match="is closed"):
            await stt.recognize([FRAME])
        await stt.aclose()


@pytest.mark.any_clock
@pytest.mark.contract("S5", "S19")
async def test_cancelling_the_close_of_an_stt_closes_its_streams_all_the_same() -> None:
    stt = ScriptedSTT([Hang()])
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tg:
            streams = [stt.stream().start(tg) for _ in range(3)]
            await anyio.wait_all_tasks_blocked()
            with anyio.CancelScope() as scope:
                scope.cancel()
                await stt.aclose()
            await anyio.wait_all_tasks_blocked()
            assert [each.statistics().state for each in streams] == ["closed"] * 3
            assert [each.outcome for each in stt.heard] == ["cancelled"] * 3


@pytest.mark.any_clock
@pytest.mark.contract("S5")
async def test_a_cancelled_caller_of_recognize_is_cancelled_not_refused(
    engine: Callable[..., Any],
) -> None:
    async def hang(buffer: object) -> SpeechEvent:
        await anyio.sleep_forever()
        return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT)

    with anyio.fail_after(5):
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tg:
                stt = engine(recognize=hang)
                tg.start_soon(stt.recognize, [FRAME])
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        assert scope.cancelled_caught
