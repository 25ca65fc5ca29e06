"""S15: what is tried again, how often, after how long, and what is raised in the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import anyio
import pytest

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    APIError,
    APIStatusError,
    APITimeoutError,
    RecognizeStream,
)
from anyio_stt.testing import (
    Delay,
    Fail,
    Hang,
    Hear,
    HearAll,
    Say,
    ScriptedSTT,
    final,
    interim,
    silence,
)

FRAME = silence(0.1)
LOST = APIConnectionError("lost")


async def read(stream: RecognizeStream) -> list[str]:
    return [event.alternatives[0].text async for event in stream if event.alternatives]


async def run_dry(stt: ScriptedSTT, options: APIConnectOptions | None = None) -> list[str]:
    options = options or APIConnectOptions(retry_interval=0.01)
    with anyio.fail_after(120):
        async with stt.stream(conn_options=options) as stream:
            stream.push_frame(FRAME)
            stream.end_input()
            return await read(stream)


@pytest.mark.any_clock
@pytest.mark.contract("S15")
@pytest.mark.parametrize(
    "error",
    [
        APIError("x"),
        APIConnectionError("x"),
        APITimeoutError("x"),
        APIStatusError("busy", status_code=503),
        APIStatusError("slow down", status_code=429),
        APIStatusError("late", status_code=408),
    ],
)
async def test_an_api_error_that_may_pass_is_retried(error: APIError) -> None:
    stt = ScriptedSTT([Fail(error)], [HearAll(), Say(final("hello"))])
    assert await run_dry(stt) == ["hello"]
    assert len(stt.heard) == 2


@pytest.mark.any_clock
@pytest.mark.contract("S15")
@pytest.mark.parametrize(
    "error",
    [
        APIStatusError("denied", status_code=401),
        APIStatusError("wrong", status_code=400, retryable=True),
        APIError("never", retryable=False),
        LookupError("a bug"),
        TimeoutError("somebody else's"),
        OSError("not mapped by the transport"),
    ],
)
async def test_nothing_else_is_retried_and_the_original_is_raised(error: Exception) -> None:
    stt = ScriptedSTT([Fail(error)])
    with pytest.raises(type(error)) as caught:
        await run_dry(stt)
    assert caught.value is error
    assert len(stt.heard) == 1


@pytest.mark.any_clock
@pytest.mark.contract("S15")
async def test_without_retries_the_original_is_raised() -> None:
    stt = ScriptedSTT([Fail(LOST)])
    with pytest.raises(APIConnectionError) as caught:
        await run_dry(stt, APIConnectOptions(max_retry=0))
    assert caught.value is LOST
    assert len(stt.heard) == 1


@pytest.mark.any_clock
@pytest.mark.contract("S15")
@pytest.mark.parametrize("max_retry", [1, 2, 5])
async def test_exhausted_attempts_are_counted_truly_and_the_last_error_is_the_cause(
    max_retry: int,
) -> None:
    errors = [APIConnectionError(str(number)) for number in range(max_retry + 1)]
    stt = ScriptedSTT(*[[Fail(error)] for error in errors])
    with pytest.raises(APIConnectionError) as caught:
        await run_dry(stt, APIConnectOptions(max_retry=max_retry, retry_interval=0.001))
    attempts = len(stt.heard)
    assert attempts == max_retry + 1
    assert caught.value.message == f"failed to recognize speech after {attempts} attempts"
    assert caught.value.__cause__ is errors[-1]
    assert not caught.value.retryable  # whoever wraps this stream must not try all again


@pytest.mark.contract("S15")
async def test_the_first_retry_comes_almost_at_once_and_later_ones_up_to_the_interval() -> None:
    stt = ScriptedSTT([Fail(LOST)])
    stt._core_rng = random.Random(7)
    times: list[float] = []
    stt.on("error", lambda error: times.append(anyio.current_time()))
    options = APIConnectOptions(max_retry=6, retry_interval=5.0)
    with pytest.raises(APIConnectionError):
        await run_dry(stt, options)
    waits = [later - earlier for earlier, later in pairwise(times[:7])]  # then what is lost
    assert len(waits) == 6
    for wait, longest in zip(waits, [0.1, 0.4, 1.6, 5.0, 5.0, 5.0], strict=True):
        assert longest / 2 <= wait <= longest
    assert len(set(waits[3:])) == 3


@pytest.mark.contract("S15")
async def test_two_streams_that_fail_together_do_not_return_together(
    engine: Callable[..., Any],
) -> None:
    returned: list[float] = []

    async def run(stream: Any) -> None:
        if stream.statistics().attempt < 4:
            raise LOST
        returned.append(anyio.current_time())
        async for _ in stream._input_ch:
            pass

    stt = engine(run)
    stt._core_rng = random.Random(7)
    async with anyio.create_task_group() as tg:
        for _ in range(2):
            stream = stt.stream().start(tg)
            stream.end_input()
            tg.start_soon(read, stream)
    assert len(set(returned)) == 2


@pytest.mark.contract("S15")
@pytest.mark.parametrize("retry_after", [0.0, 0.3, 30.0])
async def test_what_the_provider_asks_for_is_obeyed(retry_after: float) -> None:
    error = APIStatusError("slow down", status_code=429, retry_after=retry_after)
    stt = ScriptedSTT([Fail(error)], [HearAll()])
    began = anyio.current_time()
    await run_dry(stt, APIConnectOptions(retry_interval=1.0))
    assert anyio.current_time() - began == pytest.approx(retry_after)


@pytest.mark.any_clock
@pytest.mark.contract("S15")
async def test_a_time_in_the_past_to_retry_after_means_at_once() -> None:
    error = APIStatusError("slow down", status_code=429, retry_after=-3.0)
    stt = ScriptedSTT([Fail(error)], [HearAll(), Say(final("hello"))])
    assert await run_dry(stt) == ["hello"]


@pytest.mark.any_clock
@pytest.mark.contract("S15")
async def test_a_final_starts_the_count_anew_even_right_before_the_failure() -> None:
    # with a monitor task in between, the failure would come first
    broken = APIConnectionError("lost", retry_after=0)
    scripts: list[list[Any]] = [
        [Hear(0.1), Say(final(str(number), end=0.1)), Fail(broken)] for number in range(1, 6)
    ]
    stt = ScriptedSTT(*scripts, [HearAll(), Say(final("end"))])
    with anyio.fail_after(5):
        async with stt.stream(conn_options=APIConnectOptions(max_retry=1)) as stream:
            for _ in range(6):
                stream.push_frame(FRAME)
            stream.end_input()
            assert await read(stream) == ["1", "2", "3", "4", "5", "end"]
    assert len(stt.heard) == 6


@pytest.mark.any_clock
@pytest.mark.contract("S15")
async def test_an_interim_is_no_progress() -> None:
    broken = APIConnectionError("lost", retry_after=0)
    stt = ScriptedSTT([Hear(0.1), Say(interim("a")), Fail(broken)])
    with pytest.raises(APIConnectionError, match="after 3 attempts"):
        await run_dry(stt, APIConnectOptions(max_retry=2))


@pytest.mark.contract("S15")
async def test_a_long_healthy_attempt_starts_the_count_anew() -> None:
    options = APIConnectOptions(max_retry=1, timeout=2.0, retry_interval=0.1)
    alive: list[Any] = [Hear(0.1), Delay(2.5), Fail(LOST)]
    stt = ScriptedSTT(alive, alive, alive, alive, [HearAll()])
    await run_dry(stt, options)
    assert len(stt.heard) == 5


@pytest.mark.contract("S15")
async def test_a_short_attempt_does_not() -> None:
    options = APIConnectOptions(max_retry=1, timeout=2.0, retry_interval=0.1)
    stt = ScriptedSTT([Hear(0.1), Delay(1.5), Fail(LOST)])
    with pytest.raises(APIConnectionError, match="after 2 attempts"):
        await run_dry(stt, options)


@pytest.mark.contract("S15", "S18")
async def test_an_attempt_that_missed_a_deadline_was_not_healthy_however_long() -> None:
    options = APIConnectOptions(max_retry=1, timeout=1.0, drain_timeout=10.0, retry_interval=0.1)
    stt = ScriptedSTT([HearAll(), Hang()])
    with pytest.raises(APIConnectionError, match="after 2 attempts") as caught:
        await run_dry(stt, options)
    assert isinstance(caught.value.__cause__, APITimeoutError)


@pytest.mark.contract("S15", "S18")
async def test_a_slow_connection_is_not_a_long_healthy_attempt() -> None:
    options = APIConnectOptions(max_retry=1, timeout=2.0, retry_interval=0.1)
    stt = ScriptedSTT([Delay(1.9), Hear(0.1), Delay(0.5), Fail(LOST)])
    with pytest.raises(APIConnectionError, match="after 2 attempts"):
        await run_dry(stt, options)


@pytest.mark.any_clock
@pytest.mark.contract("S15")
async def test_failures_before_the_first_frame_count_too(engine: Callable[..., Any]) -> None:
    attempts = 0

    async def run(stream: Any) -> None:
        nonlocal attempts
        attempts += 1
        raise APIConnectionError("refused", retry_after=0)

    with anyio.fail_after(5):
        with pytest.raises(APIConnectionError, match="after 4 attempts"):
            async with engine(run).stream() as stream:
                await read(stream)
    assert attempts == 4
