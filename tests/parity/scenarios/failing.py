"""Engines that fail: what is tried again, heard again, raised."""

from __future__ import annotations

from typing import Any

from .engine import Attempt, Engine, hear_all, options, say
from .recording import Record, caught_as, error_seen, frame, pause
from .registry import scenario
from .shim import api


def failing(error: Any, *, after: int | None = None, saying: str = "") -> Attempt:
    """Return an attempt that reads *after* items, or all, says something, and fails."""

    async def attempt(stream: Any) -> None:
        await hear_all(stream, until=after)
        if saying:
            say(stream, "START_OF_SPEECH")
            say(stream, saying, "heard", end_time=0.01)
        await pause(0.005)
        raise error()

    return attempt


async def succeeding(stream: Any) -> None:
    await hear_all(stream)
    for kind, text in (("START_OF_SPEECH", ""), ("FINAL_TRANSCRIPT", "end"), ("END_OF_SPEECH", "")):
        say(stream, kind, text)


def lost() -> Any:
    return api.APIConnectionError("lost")


async def attempts(record: Record, *made: Attempt, max_retry: int) -> Engine:
    engine = Engine(*made)
    record.watch(engine)
    async with engine.stream(conn_options=options(max_retry=max_retry)) as stream:
        for number in range(1, 5):
            stream.push_frame(frame(number))
        stream.end_input()
        await record.events(stream)
        await pause()
    record.note("made", engine.made)
    return engine


@scenario("L-FAIL-1", "L-FAIL-2")
async def failure_before_the_end_of_input(record: Record) -> Engine:
    return await attempts(record, failing(lost, after=2), succeeding, max_retry=1)


@scenario("L-FAIL-1", "L-FAIL-3")
async def failure_after_the_end_of_input(record: Record) -> Engine:
    return await attempts(record, failing(lost), succeeding, max_retry=1)


@scenario("L-FAIL-1")
async def failure_three_times(record: Record) -> Engine:
    nothing = failing(lost, after=0)
    return await attempts(record, nothing, nothing, nothing, succeeding, max_retry=3)


@scenario("L-FAIL-4")
async def failure_without_retries(record: Record) -> Engine:
    return await attempts(record, failing(lost, after=1), max_retry=0)


@scenario("L-FAIL-5")
async def failure_exhausted(record: Record) -> Engine:
    return await attempts(record, failing(lost, after=1), max_retry=2)


@scenario("L-FAIL-6")
async def failure_not_retryable(record: Record) -> Engine:
    def refused() -> Any:
        return api.APIStatusError("bad key", status_code=401, body=None)

    return await attempts(record, failing(refused, after=1), max_retry=2)


@scenario("L-FAIL-6")
async def failure_of_too_many_requests(record: Record) -> Engine:
    def refused() -> Any:
        return api.APIStatusError("slow down", status_code=429, body=None)

    return await attempts(record, failing(refused, after=0), succeeding, max_retry=1)


@scenario("L-FAIL-7")
async def failure_of_another_kind(record: Record) -> Engine:
    return await attempts(record, failing(lambda: ValueError("odd"), after=1), max_retry=2)


@scenario("L-FAIL-8")
async def failure_after_events(record: Record) -> Engine:
    return await attempts(record, failing(lost, saying="FINAL_TRANSCRIPT"), max_retry=0)


@scenario("L-FAIL-9")
async def failure_repeats_no_event(record: Record) -> Engine:
    first = failing(lost, after=2, saying="INTERIM_TRANSCRIPT")
    return await attempts(record, first, succeeding, max_retry=1)


@scenario("L-FAIL-10")
async def failure_after_each_final(record: Record) -> Engine:
    dropped = failing(lost, after=1, saying="FINAL_TRANSCRIPT")
    return await attempts(record, dropped, dropped, dropped, succeeding, max_retry=2)


@scenario("L-FAIL-11")
async def failure_is_raised_once(record: Record) -> Engine:
    engine = Engine(failing(lost, after=0))
    raised: list[Any] = []
    async with engine.stream() as stream:
        for _ in range(3):
            try:
                await stream.__anext__()
            except Exception as exc:
                raised.append(caught_as(exc))
            except StopAsyncIteration:
                raised.append("end")
    record.note("each", raised)
    return engine


@scenario("L-FAIL-12")
async def failure_that_nobody_read(record: Record) -> Engine:
    engine = Engine(failing(lost, after=0))
    error: BaseException | None = None
    try:
        async with engine.stream():
            await pause(0.05)
    except Exception as exc:
        error = exc
    record.note("block", error_seen(error))
    return engine
