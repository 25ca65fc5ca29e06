"""What the contract says of `recognize`: S3, S15, S18, S20, S21, and what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    RecognitionUsage,
    SpeechEvent,
    SpeechEventType,
    StreamClosedError,
)
from anyio_stt.testing import (
    Delay,
    Fail,
    Hang,
    Say,
    ScriptedSTT,
    assert_no_leaks,
    cut,
    final,
    noise,
    silence,
)
from anyio_stt.testing.backends import cancelling, on_trio

AUDIO = noise(1.0)
FRAME = silence(0.1)
HELLO = Say(final("hello", end=1.0, request_id="r"))
BROKEN = Fail(APIConnectionError("lost", retry_after=0))
ASYNCIO_TIMEOUT: Any = getattr(asyncio, "timeout", None)  # Python 3.11 and later


@pytest.mark.any_clock
@pytest.mark.contract("S20")
async def test_it_returns_the_engines_event_and_emits_one_measurement(
    listen_to: Callable[..., Any],
) -> None:
    stt = ScriptedSTT(recognize=[[HELLO]])
    told = listen_to(stt)
    with anyio.fail_after(5):
        event = await stt.recognize(cut(AUDIO, 0.1), language="en")
    assert event.alternatives[0].text == "hello"
    assert stt.heard[0].audio == AUDIO.pcm
    assert stt.heard[0].language == "en"
    (metrics,) = told.metrics
    assert (metrics.streamed, metrics.attempts, metrics.request_id) == (False, 1, "r")
    assert metrics.audio_duration == pytest.approx(1.0)
    assert told.errors == []


@pytest.mark.contract("S20", "S15")
async def test_its_duration_is_that_of_the_whole_call(listen_to: Callable[..., Any]) -> None:
    stt = ScriptedSTT(
        recognize=[[Delay(1), Fail(APIConnectionError("lost", retry_after=2))], [Delay(3), HELLO]]
    )
    told = listen_to(stt)
    await stt.recognize(FRAME)
    (metrics,) = told.metrics
    assert metrics.duration == pytest.approx(6.0)
    assert metrics.attempts == 2
    assert [each.recoverable for each in told.errors] == [True]


@pytest.mark.any_clock
@pytest.mark.contract("S20")
async def test_its_measurement_carries_the_tokens_of_the_event(
    engine: Callable[..., Any], listen_to: Callable[..., Any]
) -> None:
    async def recognize(buffer: object) -> SpeechEvent:
        return SpeechEvent(
            SpeechEventType.FINAL_TRANSCRIPT, recognition_usage=RecognitionUsage(0.1, 5, 7)
        )

    stt = engine(recognize=recognize)
    told = listen_to(stt)
    with anyio.fail_after(5):
        await stt.recognize(FRAME)
    assert (told.metrics[0].input_tokens, told.metrics[0].output_tokens) == (5, 7)


@pytest.mark.any_clock
@pytest.mark.contract("S15")
async def test_it_retries_what_may_pass_and_counts_truly(listen_to: Callable[..., Any]) -> None:
    stt = ScriptedSTT(recognize=[[BROKEN], [BROKEN], [HELLO]])
    told = listen_to(stt)
    with anyio.fail_after(5):
        await stt.recognize(FRAME)
    assert len(stt.heard) == 3
    assert [each.attempt for each in told.errors] == [1, 2]


@pytest.mark.any_clock
@pytest.mark.contract("S15", "S3")
@pytest.mark.parametrize("error", [APIStatusError("no", status_code=401), LookupError("a bug")])
async def test_it_raises_the_original_when_nothing_helps(
    error: Exception, listen_to: Callable[..., Any]
) -> None:
    stt = ScriptedSTT(recognize=[[Fail(error)]])
    told = listen_to(stt)
    with anyio.fail_after(5):
        with pytest.raises(type(error)) as caught:
            await stt.recognize(FRAME)
    assert caught.value is error
    assert len(stt.heard) == 1
    assert [each.recoverable for each in told.errors] == [False]
    assert told.metrics == []


@pytest.mark.any_clock
@pytest.mark.contract("S15")
async def test_it_says_how_often_it_tried() -> None:
    last = APIConnectionError("lost", retry_after=0)
    stt = ScriptedSTT(recognize=[[BROKEN], [BROKEN], [Fail(last)]])
    with anyio.fail_after(5):
        with pytest.raises(APIConnectionError, match="after 3 attempts") as caught:
            await stt.recognize(FRAME, conn_options=APIConnectOptions(max_retry=2))
        assert caught.value.__cause__ is last
        stt = ScriptedSTT(recognize=[[Fail(last)]])
        with pytest.raises(APIConnectionError) as caught:
            await stt.recognize(FRAME, conn_options=APIConnectOptions(max_retry=0))
    assert caught.value is last


@pytest.mark.any_clock
@pytest.mark.contract("S3", "S14")
async def test_a_group_raised_inside_is_reduced_to_the_error_that_matters(
    engine: Callable[..., Any],
) -> None:
    bug = LookupError("a bug")

    async def fail(error: Exception) -> None:
        raise error  # without a checkpoint before it, where the other's failure would cancel it

    async def recognize(buffer: object) -> Any:
        async with anyio.create_task_group() as tg:
            tg.start_soon(fail, bug)
            tg.start_soon(fail, APIConnectionError("also"))

    with anyio.fail_after(5):
        with pytest.raises(LookupError) as caught:
            await engine(recognize=recognize).recognize(FRAME)
    assert caught.value is bug


@pytest.mark.any_clock
@pytest.mark.contract("S21")
async def test_a_listener_that_raises_turns_no_success_into_a_failure() -> None:
    def bad(*args: object) -> None:
        raise TypeError("a listener's bug")

    stt = ScriptedSTT(recognize=[[BROKEN], [HELLO]])
    stt.on("metrics_collected", bad)
    stt.on("error", bad)
    with anyio.fail_after(5):
        assert (await stt.recognize(FRAME)).alternatives[0].text == "hello"


@pytest.mark.any_clock
@pytest.mark.contract("S8")
@pytest.mark.parametrize(
    "buffer",
    [
        pytest.param([], id="nothing"),
        pytest.param([FRAME.slice(0, 0)], id="an empty frame"),
        pytest.param(FRAME.slice(0, 0), id="one empty frame"),
        pytest.param([FRAME, silence(0.1, sample_rate=8000)], id="two rates"),
        pytest.param([FRAME, silence(0.1, num_channels=2)], id="two channel counts"),
    ],
)
async def test_it_refuses_an_empty_or_mixed_buffer_before_any_work(
    buffer: Any, listen_to: Callable[..., Any]
) -> None:
    stt = ScriptedSTT(recognize=[[HELLO]])
    told = listen_to(stt)
    with anyio.fail_after(5):
        with pytest.raises(ValueError, match=r"no audio|one format"):
            await stt.recognize(buffer)
    assert stt.heard == []
    assert told.errors == told.metrics == []


@pytest.mark.any_clock
@pytest.mark.contract("S8")
async def test_it_takes_the_frames_of_another_library_and_any_iterable() -> None:
    foreign = SimpleNamespace(
        data=AUDIO.pcm, sample_rate=16000, num_channels=1, samples_per_channel=16000
    )
    stt = ScriptedSTT(recognize=[[HELLO]])
    buffers: list[Any] = [foreign, [foreign], (AUDIO,), iter([AUDIO])]
    with anyio.fail_after(5):
        for buffer in buffers:
            await stt.recognize(buffer)
    assert [heard.audio for heard in stt.heard] == [AUDIO.pcm] * 4


@pytest.mark.any_clock
@pytest.mark.contract("S19", "S2")
async def test_cancelling_it_cancels_the_engine_and_leaves_nothing() -> None:
    stt = ScriptedSTT(recognize=[[Hang()]])
    with anyio.fail_after(5):
        async with assert_no_leaks(), anyio.create_task_group() as tg:
            tg.start_soon(stt.recognize, FRAME)
            while not stt.heard:
                await anyio.lowlevel.checkpoint()
            tg.cancel_scope.cancel()
        assert cancelling() == 0
    assert stt.heard[0].outcome == "cancelled"
    assert len(stt.heard) == 1


@pytest.mark.any_clock
@pytest.mark.contract("S19", "S2", "S15")
async def test_native_cancellation_of_asyncio_is_no_failure_that_is_retried(
    listen_to: Callable[..., Any],
) -> None:
    if on_trio():
        pytest.skip("trio has no other way than scopes")
    stt = ScriptedSTT(recognize=[[Hang()]])
    told = listen_to(stt)
    with anyio.fail_after(5):
        task = asyncio.ensure_future(stt.recognize(FRAME))
        while not stt.heard:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(stt.heard) == 1
    assert told.errors == []


@pytest.mark.any_clock
@pytest.mark.contract("S19", "S2")
async def test_the_timeouts_of_asyncio_end_it_and_leave_no_count() -> None:
    if on_trio():
        pytest.skip("trio has no other way than scopes")
    stt = ScriptedSTT(recognize=[[Hang()]])
    with anyio.fail_after(5):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(stt.recognize(FRAME), 0.01)
        if ASYNCIO_TIMEOUT is not None:
            with pytest.raises(TimeoutError):
                async with ASYNCIO_TIMEOUT(0.01):
                    await stt.recognize(FRAME)
            assert cancelling() == 0
    assert {each.outcome for each in stt.heard} == {"cancelled"}


@pytest.mark.any_clock
@pytest.mark.contract("S5")
async def test_a_closed_stt_recognises_nothing() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT(recognize=[[HELLO]]) as stt:
            await stt.recognize(FRAME)
        with pytest.raises(StreamClosedError, match="async with stt"):
            await stt.recognize(FRAME)


@pytest.mark.any_clock
@pytest.mark.contract("S19")
async def test_it_is_always_a_checkpoint(engine: Callable[..., Any]) -> None:
    calls = 0

    async def recognize(buffer: object) -> SpeechEvent:
        nonlocal calls
        calls += 1
        return final("a")

    with anyio.fail_after(5):
        with anyio.CancelScope() as scope:
            scope.cancel()
            await engine(recognize=recognize).recognize(FRAME)
    assert scope.cancelled_caught
    assert calls == 0
