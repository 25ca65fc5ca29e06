"""
Row 3. Many streams at once: each round pushes one 20 ms frame into every stream, and the engine
of every stream reads it before the next round, as it is when calls come in at the real-time pace.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ..kit import Kit
from .row import Line, Row, Stopwatch, in_loop


async def single_frames(kit: Kit, streams: int, rounds: int) -> float:
    frame = kit.frame(320)
    read = 0

    async def engine(stream: Any) -> None:
        nonlocal read
        async for _ in stream._input_ch:
            read += 1

    async with kit.streams(streams, engine) as opened:

        async def one_round() -> None:
            wanted = read + streams
            for stream in opened:
                stream.push_frame(frame)
            while read < wanted:
                await kit.pause()

        await one_round()  # what a stream does once is row 6's
        with Stopwatch() as watch:
            for _ in range(rounds):
                await one_round()
    return watch.micros(rounds * streams)


def _with(streams: int) -> Callable[[Kit, bool], Awaitable[tuple[float, ...]]]:
    async def work(kit: Kit, quick: bool) -> tuple[float, ...]:
        return (await single_frames(kit, streams, (20_000 if quick else 50_000) // streams),)

    return work


ROWS = tuple(
    Row(
        3,
        (Line(f"{streams:,} streams, engine wants single frames", "us/frame"),),
        in_loop(_with(streams)),
    )
    for streams in (100, 1_000)
)
