"""
Row 5. What an engine says, through delivery, metrics monitor and consumer.

In a burst: finals as fast as the engine can send them. In turn: START, FINAL, END and a usage
report, which becomes metrics for a listener, and the consumer wakes for each utterance.
Ours also keeps the order of events whole, drops what is said twice and times each final.
"""

from __future__ import annotations

from typing import Any

from ..kit import Kit
from .row import Line, Row, Stopwatch, in_loop


async def finals(kit: Kit, quick: bool) -> tuple[float, ...]:
    count = 10_000 if quick else 50_000
    final, received = kit.final(), 0

    async def engine(stream: Any) -> None:
        async for _ in stream._input_ch:
            for _ in range(count):
                stream._event_ch.send_nowait(final)

    async with kit.open(engine) as stream:
        with Stopwatch() as watch:
            stream.push_frame(kit.frame(320))
            async for _ in stream:
                received += 1
                if received == count:
                    break
    assert received >= count
    return (watch.micros(count),)


async def utterances(kit: Kit, quick: bool) -> tuple[float, ...]:
    count = 2_000 if quick else 10_000
    said, received, measured = kit.utterance(), 0, 0

    async def engine(stream: Any) -> None:
        async for _ in stream._input_ch:
            for event in said:
                stream._event_ch.send_nowait(event)

    def note(_: Any) -> None:
        nonlocal measured
        measured += 1

    async def consume(stream: Any) -> None:
        nonlocal received
        async for _ in stream:
            received += 1

    async with kit.streams(1, engine, on_metrics=note) as (stream,), kit.group() as group:
        group.start_soon(consume, stream)
        await kit.pause()
        with Stopwatch() as watch:
            for number in range(1, count + 1):
                stream.push_frame(kit.frame(320))
                while received < number * len(said):
                    await kit.pause()
    assert measured in (0, count)  # the limits measure nothing
    return (watch.micros(count * len(said)),)


ROWS = (
    Row(5, (Line("finals in a burst", "us/event"),), in_loop(finals)),
    Row(5, (Line("utterances with metrics, one at a time", "us/event"),), in_loop(utterances)),
)
