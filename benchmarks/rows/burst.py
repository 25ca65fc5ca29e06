"""
Row 1. Frames are pushed as fast as they can be, then the engine reads them all.

Ours also keeps what the engine has read for a retry (60 s of it), bounds what waits, and knows
when which sample was pushed; LiveKit's stream does none of that.
"""

from __future__ import annotations

from typing import Any

from ..kit import Kit
from .row import Line, Row, Stopwatch, in_loop


async def burst(kit: Kit, quick: bool) -> tuple[float, ...]:
    count = 20_000 if quick else 100_000
    frame = kit.frame(320)
    read = 0

    async def engine(stream: Any) -> None:
        nonlocal read
        async for _ in stream._input_ch:
            read += 1

    async with kit.open(engine) as stream:
        with Stopwatch() as watch:
            for _ in range(count):
                stream.push_frame(frame)
            stream.end_input()
            async for _ in stream:
                pass
    assert read >= count
    return (watch.micros(count),)


ROWS = (Row(1, (Line("push to engine, a burst of 20 ms frames", "us/frame"),), in_loop(burst)),)
