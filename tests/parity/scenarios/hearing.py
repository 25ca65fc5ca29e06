"""What the application pushes and what the engine reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .engine import Engine, hear_all
from .recording import Record, frame, pause
from .registry import scenario


async def push(record: Record, use: Callable[[Any], Any], *, rate: int | None = None) -> Engine:
    """Open a stream, let *use* push, read to the end."""
    engine = Engine(hear_all, sample_rate=rate)
    async with engine.stream() as stream:
        use(stream)
        record.call("end", stream.end_input)
        await record.events(stream)
    return engine


def heard_in_all(record: Record, engine: Engine) -> None:
    """Note lengths instead of bytes, which are another resampler's."""
    audio = [item.split(" = ")[0].split(" @ ") for item in engine.heard[-1] if item != "marker"]
    record.note("formats", sorted({kind for _, kind in audio}))
    record.note("samples", sum(int(samples) for samples, _ in audio))
    record.note("markers", engine.heard[-1].count("marker"))
    record.note("empty_frames", sum(samples == "0" for samples, _ in audio))


@scenario("L-IN-1")
async def input_frames(record: Record) -> Engine:
    def use(stream: Any) -> None:
        for number in range(1, 6):
            stream.push_frame(frame(number, samples=160 * number))

    return await push(record, use)


@scenario("L-IN-1")
async def input_nothing(record: Record) -> Engine:
    return await push(record, lambda stream: None)


@scenario("L-IN-2")
async def input_flush_between(record: Record) -> Engine:
    def use(stream: Any) -> None:
        stream.push_frame(frame(1))
        stream.flush()
        stream.push_frame(frame(2))

    return await push(record, use)


@scenario("L-IN-2")
async def input_flush_twice(record: Record) -> Engine:
    def use(stream: Any) -> None:
        stream.push_frame(frame(1))
        stream.flush()
        stream.flush()
        stream.push_frame(frame(2))

    return await push(record, use)


@scenario("L-IN-2")
async def input_flush_first(record: Record) -> Engine:
    def use(stream: Any) -> None:
        stream.flush()
        stream.push_frame(frame(1))

    return await push(record, use)


@scenario("L-IN-2")
async def input_flush_then_end(record: Record) -> Engine:
    def use(stream: Any) -> None:
        stream.push_frame(frame(1))
        stream.flush()

    return await push(record, use)


@scenario("L-IN-3")
async def input_of_another_rate(record: Record) -> Engine:
    def use(stream: Any) -> None:
        stream.push_frame(frame(1))
        record.call("other", stream.push_frame, frame(2, rate=8000))
        stream.push_frame(frame(3))

    return await push(record, use)


@scenario("L-IN-3")
async def input_of_another_rate_after_a_flush(record: Record) -> Engine:
    def use(stream: Any) -> None:
        stream.push_frame(frame(1))
        stream.flush()
        record.call("other", stream.push_frame, frame(2, rate=8000))

    return await push(record, use)


@scenario("L-IN-4")
async def input_of_other_channels(record: Record) -> Engine:
    def use(stream: Any) -> None:
        stream.push_frame(frame(1))
        record.call("other", stream.push_frame, frame(2, channels=2))

    return await push(record, use)


@scenario("L-IN-4")
async def input_stereo(record: Record) -> Engine:
    return await push(record, lambda stream: stream.push_frame(frame(1, channels=2)))


@scenario("L-IN-5")
async def resampled_second(record: Record) -> None:
    def use(stream: Any) -> None:
        for _ in range(10):
            stream.push_frame(frame(100, samples=4800, rate=48000))

    heard_in_all(record, await push(record, use, rate=16000))


@scenario("L-IN-5")
async def resampled_in_small_frames(record: Record) -> None:
    def use(stream: Any) -> None:
        for _ in range(100):
            stream.push_frame(frame(100, samples=441, rate=44100))

    heard_in_all(record, await push(record, use, rate=16000))


@scenario("L-IN-5")
async def resampled_in_segments(record: Record) -> None:
    def use(stream: Any) -> None:
        for _ in range(5):
            stream.push_frame(frame(100, samples=9600, rate=48000))
            stream.flush()

    heard_in_all(record, await push(record, use, rate=16000))


@scenario("L-IN-5")
async def resampled_same_rate(record: Record) -> Engine:
    return await push(record, lambda stream: stream.push_frame(frame(1)), rate=16000)


@scenario("L-IN-6")
async def resampled_stereo(record: Record) -> None:
    def use(stream: Any) -> None:
        for _ in range(10):
            stream.push_frame(frame(100, samples=4800, rate=48000, channels=2))

    heard_in_all(record, await push(record, use, rate=16000))


@scenario("L-IN-7")
async def resampler_flushed_idle(record: Record) -> None:
    def use(stream: Any) -> None:
        stream.push_frame(frame(100, samples=4800, rate=48000))
        stream.flush()
        stream.flush()

    heard_in_all(record, await push(record, use, rate=16000))


@scenario("L-IN-8")
async def end_input_twice(record: Record) -> Engine:
    def use(stream: Any) -> None:
        stream.push_frame(frame(1))
        stream.end_input()

    return await push(record, use)


@scenario("L-IN-8")
async def push_after_end(record: Record) -> Engine:
    engine = Engine(hear_all)
    async with engine.stream() as stream:
        stream.push_frame(frame(1))
        stream.end_input()
        record.call("push", stream.push_frame, frame(2))
        record.call("flush", stream.flush)
        await record.events(stream)
        record.call("push_when_finished", stream.push_frame, frame(2))
    return engine


@scenario("L-IN-9")
async def push_after_close(record: Record) -> Engine:
    engine = Engine(hear_all)
    async with engine.stream() as stream:
        stream.push_frame(frame(1))
        await pause()
        await stream.aclose()
        record.call("push", stream.push_frame, frame(2))
        record.call("flush", stream.flush)
        record.call("end_input", stream.end_input)
    return engine


@scenario("L-IN-10")
async def engine_that_returns_early(record: Record) -> Engine:
    async def one(stream: Any) -> None:
        await hear_all(stream, until=1)

    engine = Engine(one)
    async with engine.stream() as stream:
        stream.push_frame(frame(1))
        stream.push_frame(frame(2))
        await pause()
        record.call("push", stream.push_frame, frame(3))
        record.call("end_input", stream.end_input)
        await record.events(stream)
    return engine
