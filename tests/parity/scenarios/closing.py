"""How streams and engines end."""

from __future__ import annotations

from typing import Any

import anyio

from .engine import Engine, hear_all, options, say
from .recording import Record, error_seen, frame, pause
from .registry import scenario


@scenario("L-END-1")
async def aclose_twice(record: Record) -> Engine:
    engine = Engine(hear_all)
    async with engine.stream() as stream:
        stream.push_frame(frame(1))
        await pause()
        for field in ("first", "second"):
            try:
                await stream.aclose()
                record.note(field, error_seen(None))
            except Exception as exc:
                record.note(field, error_seen(exc))
    return engine


@scenario("L-END-2")
async def aclose_while_read(record: Record) -> Engine:
    engine = Engine(hear_all)
    async with engine.stream() as stream, anyio.create_task_group() as tg:
        tg.start_soon(record.events, stream)
        await pause()
        await stream.aclose()
    return engine


@scenario("L-END-3")
async def aclose_aborts(record: Record) -> Engine:
    ended: list[str] = []

    async def slow(stream: Any) -> None:
        await hear_all(stream)
        try:
            await pause(0.2)
            say(stream, "FINAL_TRANSCRIPT", "late")
        finally:
            ended.append("cleanup")

    engine = Engine(slow)
    async with engine.stream() as stream:
        stream.push_frame(frame(1))
        stream.end_input()
        await pause()
        await stream.aclose()
        record.note("ended", ended)
        await record.events(stream)
    return engine


@scenario("L-END-4")
async def aclose_keeps_unread_events(record: Record) -> Engine:
    async def speak(stream: Any) -> None:
        say(stream, "START_OF_SPEECH")
        say(stream, "FINAL_TRANSCRIPT", "hello", end_time=0.01)
        say(stream, "END_OF_SPEECH")
        await hear_all(stream)

    engine = Engine(speak)
    async with engine.stream() as stream:
        first = (await stream.__anext__()).type.value
        record.note("first", first)
        await pause()
        await stream.aclose()
        await record.events(stream)
    return engine


@scenario("L-END-5")
async def aclose_of_the_engine(record: Record) -> Engine:
    engine = Engine(hear_all)
    async with engine.stream() as stream:
        stream.push_frame(frame(1))
        await pause()
        await engine.aclose()
        await pause()
        record.call("push", stream.push_frame, frame(2))
    return engine


@scenario("L-END-6")
async def end_input_drains(record: Record) -> Engine:
    async def slow(stream: Any) -> None:
        await hear_all(stream)
        await pause(0.05)
        say(stream, "START_OF_SPEECH")
        say(stream, "FINAL_TRANSCRIPT", "tail")
        say(stream, "END_OF_SPEECH")

    engine = Engine(slow)
    async with engine.stream() as stream:
        stream.push_frame(frame(1))
        stream.end_input()
        await record.events(stream)
    return engine


@scenario("L-END-7")
async def error_of_the_body_leaves_as_itself(record: Record) -> Engine:
    engine = Engine(hear_all)
    error: BaseException | None = None
    try:
        async with engine.stream():
            await pause()
            raise KeyError("mine")
    except BaseException as exc:
        error = exc
    record.note("left", error_seen(error))
    return engine


@scenario("L-END-8")
async def cleanup_that_fails(record: Record) -> Engine:
    async def untidy(stream: Any) -> None:
        try:
            await hear_all(stream)
        finally:
            raise ValueError("untidy")

    engine = Engine(untidy)
    error: BaseException | None = None
    try:
        async with engine.stream():
            await pause()
    except Exception as exc:
        error = exc
    record.note("block", error_seen(error))
    return engine


@scenario("L-END-9")
async def connecting_takes_too_long(record: Record) -> Engine:
    async def connect(stream: Any) -> None:
        await pause(0.3)
        await hear_all(stream)

    engine = Engine(connect)
    async with engine.stream(conn_options=options(timeout=0.05)) as stream:
        stream.push_frame(frame(1))
        stream.end_input()
        await record.events(stream)
    return engine


@scenario("L-END-10")
async def used_before_its_block(record: Record) -> Engine:
    engine = Engine(hear_all)
    stream = engine.stream()
    record.call("push", stream.push_frame, frame(1))
    async with stream:
        record.call("end_input", stream.end_input)
        await record.events(stream)
    return engine
