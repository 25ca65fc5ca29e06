"""What the engine says and what the application reads."""

from __future__ import annotations

from typing import Any

import anyio

from .engine import Attempt, BatchEngine, Engine, hear_all, say
from .recording import Record, caught_as, event_seen, frame, pause
from .registry import scenario


def script(*events: tuple[Any, ...], gap: float = 0.005) -> Attempt:
    """Return an attempt that hears all and then says *events*: kind, text, more."""

    async def attempt(stream: Any) -> None:
        await hear_all(stream)
        for kind, text, *more in events:
            say(stream, kind, text, **(more[0] if more else {}))
            if gap:
                await pause(gap)

    return attempt


START, END = ("START_OF_SPEECH", ""), ("END_OF_SPEECH", "")
INTERIM, SECOND = ("INTERIM_TRANSCRIPT", "he"), ("INTERIM_TRANSCRIPT", "hell")
FINAL = ("FINAL_TRANSCRIPT", "hello", {"start_time": 0.001, "end_time": 0.02, "confidence": 0.5})


async def listen(record: Record, *events: tuple[Any, ...], gap: float = 0.005) -> Engine:
    engine = Engine(script(*events, gap=gap))
    record.watch(engine)
    async with engine.stream() as stream:
        stream.push_frame(frame(1))
        stream.push_frame(frame(2))
        stream.end_input()
        await record.events(stream)
        await pause()
    return engine


@scenario("L-EVT-1")
async def events_complete(record: Record) -> Engine:
    return await listen(record, START, INTERIM, SECOND, FINAL, END)


@scenario("L-EVT-2")
async def events_without_start_and_end(record: Record) -> Engine:
    return await listen(record, INTERIM, FINAL)


@scenario("L-EVT-2")
async def events_without_end(record: Record) -> Engine:
    return await listen(record, START, FINAL)


@scenario("L-EVT-3")
async def events_two_segments(record: Record) -> Engine:
    later = ("FINAL_TRANSCRIPT", "world", {"start_time": 0.02, "end_time": 0.03})
    return await listen(record, START, FINAL, END, START, later, END)


@scenario("L-EVT-4")
async def events_final_after_end(record: Record) -> Engine:
    return await listen(record, START, END, FINAL)


@scenario("L-EVT-5")
async def events_read_late(record: Record) -> Engine:
    return await listen(record, START, INTERIM, SECOND, FINAL, END, gap=0)


@scenario("L-EVT-6")
async def events_none(record: Record) -> Engine:
    return await listen(record)


@scenario("L-EVT-6")
async def events_final_without_text(record: Record) -> Engine:
    return await listen(record, ("FINAL_TRANSCRIPT", ""))


@scenario("L-MET-2")
async def usage_reported(record: Record) -> Engine:
    usage = ("RECOGNITION_USAGE", "", {"request_id": "u1", "usage": 0.02})
    return await listen(record, START, FINAL, usage, END)


@scenario("L-MET-2")
async def usage_reported_in_parts(record: Record) -> Engine:
    first = ("RECOGNITION_USAGE", "", {"request_id": "u1", "usage": 0.015})
    second = ("RECOGNITION_USAGE", "", {"request_id": "u2", "usage": 0.005})
    return await listen(record, START, first, FINAL, second, END)


@scenario("L-MET-3")
async def usage_missing_in_its_event(record: Record) -> Engine:
    good = ("RECOGNITION_USAGE", "", {"request_id": "u1", "usage": 0.02})
    return await listen(record, START, FINAL, ("RECOGNITION_USAGE", ""), good, END)


@scenario("L-MET-4")
async def usage_never_reported(record: Record) -> Engine:
    return await listen(record, START, FINAL, END)


@scenario("L-EVT-7")
async def reader_cancelled_while_it_waits(record: Record) -> Engine:
    async def late(stream: Any) -> None:
        await hear_all(stream)
        await pause(0.1)
        for event in (START, FINAL, END):
            say(stream, event[0], event[1])

    engine = Engine(late)
    async with engine.stream() as stream:
        stream.push_frame(frame(1))
        stream.end_input()
        with anyio.move_on_after(0.03) as scope:
            await stream.__anext__()
        record.note("timed_out", scope.cancelled_caught)
        await record.events(stream)
    return engine


@scenario("L-EVT-8")
async def two_readers_at_once(record: Record) -> Engine:
    engine = Engine(script(START, FINAL, END))
    seen: list[Any] = []
    errors: list[Any] = []

    async def read() -> None:
        try:
            seen.append(event_seen(await stream.__anext__()))
        except Exception as exc:
            errors.append(caught_as(exc))

    async with engine.stream() as stream:
        async with anyio.create_task_group() as tg:
            tg.start_soon(read)
            tg.start_soon(read)
            await pause()
            stream.push_frame(frame(1))
            stream.end_input()
        record.note("first", seen)
        record.note("second", errors)
    return engine


@scenario("L-EVT-9")
async def stream_of_a_batch_engine(record: Record) -> None:
    record.call("stream", BatchEngine().stream)
