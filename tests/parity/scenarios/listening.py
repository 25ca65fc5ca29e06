"""Listeners: who is told what, and what happens when they misbehave."""

from __future__ import annotations

from typing import Any

from .engine import Engine
from .recognising import answer, fail, recognise
from .recording import Record, caught_as, frame, pause
from .registry import scenario
from .speaking import script


def raising(kind: type[Exception]) -> Any:
    def listener(_: Any) -> None:
        raise kind("listener")

    return listener


@scenario("L-LIS-1")
async def listener_raises_value_error(record: Record) -> Engine:
    engine = Engine(answer())
    engine.on("metrics_collected", raising(ValueError))
    return await recognise(record, engine, watched=False)


@scenario("L-LIS-2")
async def listener_raises_type_error(record: Record) -> Engine:
    engine = Engine(answer())
    engine.on("metrics_collected", raising(TypeError))
    return await recognise(record, engine, watched=False)


@scenario("L-LIS-2")
async def error_listener_raises_type_error(record: Record) -> Engine:
    engine = Engine(fail("APIConnectionError", "lost"), answer())
    engine.on("error", raising(TypeError))
    return await recognise(record, engine, watched=False, max_retry=1)


async def _three_usages(record: Record, kind: type[Exception]) -> Engine:
    usage = ("RECOGNITION_USAGE", "", {"usage": 0.01})
    engine = Engine(script(usage, usage, usage))
    calls: list[int] = []

    def listener(_: Any) -> None:
        calls.append(1)
        raise kind("listener")

    engine.on("metrics_collected", listener)
    async with engine.stream() as stream:
        stream.push_frame(frame(1, samples=480))
        stream.end_input()
        await record.events(stream)
        await pause()
    record.note("calls", len(calls))
    return engine


@scenario("L-LIS-1")
async def stream_listener_raises_value_error(record: Record) -> Engine:
    return await _three_usages(record, ValueError)


@scenario("L-LIS-2")
async def stream_listener_raises_type_error(record: Record) -> Engine:
    return await _three_usages(record, TypeError)


@scenario("L-LIS-3")
async def listener_once_and_off(record: Record) -> None:
    engine = Engine(answer())
    calls: list[str] = []

    def always(_: Any) -> None:
        calls.append("always")

    def removed(_: Any) -> None:
        calls.append("removed")

    engine.on("metrics_collected", always)
    engine.on("metrics_collected", always)
    engine.on("metrics_collected", removed)
    engine.once("metrics_collected", lambda _: calls.append("once"))
    engine.off("metrics_collected", removed)
    record.call("off_again", engine.off, "metrics_collected", removed)
    for _ in range(2):
        await engine.recognize(frame(1))
    record.note("calls", [calls.count(each) for each in ("always", "removed", "once")])


@scenario("L-LIS-4")
async def listeners_take_what_they_want(record: Record) -> None:
    engine = Engine(answer())
    seen: list[Any] = []
    engine.on("custom", lambda: seen.append([]))
    engine.on("custom", lambda a: seen.append([a]))
    engine.on("custom", lambda a, b=0: seen.append([a, b]))
    engine.on("custom", lambda *all_: seen.append(list(all_)))
    engine.emit("custom", 1, 2, 3)
    record.note("seen", sorted(seen))

    @engine.on("custom2")  # type: ignore[untyped-decorator,unused-ignore]
    def decorated() -> None:
        seen.append("decorated")

    engine.emit("custom2")
    record.note("decorated", seen[-1])


@scenario("L-LIS-4")
async def listener_that_wants_more(record: Record) -> None:
    engine = Engine(answer())
    engine.on("custom", lambda a, b: None)
    record.call("emit", engine.emit, "custom", 1)


@scenario("L-LIS-5")
async def listener_that_is_a_coroutine_function(record: Record) -> None:
    async def listener(_: Any) -> None: ...

    engine = Engine(answer())
    try:
        engine.on("metrics_collected", listener)
    except Exception as exc:
        record.note("on", caught_as(exc))
