"""
Row 12. How the cost of a frame grows: with more streams, longer audio, more audio waiting.

Each number is the cost of a frame with much, divided by that with little: 1 is flat.
"""

from __future__ import annotations

from typing import Any

from ..kit import Kit
from .rounds import single_frames
from .row import Line, Row, Stopwatch, in_loop


async def streams(kit: Kit, quick: bool) -> tuple[float, ...]:
    frames = 10_000 if quick else 40_000
    few, many = [await single_frames(kit, n, frames // n) for n in (50, 2_000)]
    return (many / few,)


async def length(kit: Kit, quick: bool) -> tuple[float, ...]:
    minutes = 6 if quick else 60
    frame, read = kit.frame(320), 0
    costs: list[float] = []

    async def engine(stream: Any) -> None:
        nonlocal read
        async for _ in stream._input_ch:
            read += 1

    async with kit.open(engine) as stream:
        for minute in range(1, minutes + 1):
            with Stopwatch() as watch:
                for pushed in range((minute - 1) * 3000, minute * 3000, 10):
                    for _ in range(10):
                        stream.push_frame(frame)
                    while read < pushed + 10:
                        await kit.pause()
            costs.append(watch.seconds)
    # The second and third minute, since the first one fills what is kept for a retry.
    return ((costs[-1] + costs[-2]) / (costs[1] + costs[2]),)


async def _pushed(kit: Kit, frames: int) -> float:
    frame = kit.frame(320)

    async def engine(stream: Any) -> None:
        async for _ in stream._input_ch:
            pass

    async with kit.open(engine) as stream:
        with Stopwatch() as watch:
            for _ in range(frames):
                stream.push_frame(frame)
            stream.end_input()
            async for _ in stream:
                pass
    return watch.micros(frames)


async def pending(kit: Kit, quick: bool) -> tuple[float, ...]:
    few = sorted([await _pushed(kit, 3_000) for _ in range(5)])[2]
    return (await _pushed(kit, 30_000 if quick else 180_000) / few,)


ROWS = (
    Row(12, (Line("growth: 2,000 streams over 50", "x"),), in_loop(streams), repeat=5),
    Row(12, (Line("growth: an hour's last minutes over its first", "x"),), in_loop(length), 5),
    Row(12, (Line("growth: an hour pending over one minute", "x"),), in_loop(pending), 5),
)
