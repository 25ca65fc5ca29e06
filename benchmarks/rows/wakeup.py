"""Row 2. A frame is pushed, and the next one only when the engine has read it."""

from __future__ import annotations

from typing import Any

from ..kit import Kit
from .row import Line, Row, Stopwatch, in_loop


async def wakeup(kit: Kit, quick: bool) -> tuple[float, ...]:
    count = 5_000 if quick else 20_000
    frame = kit.frame(320)
    read = 0

    async def engine(stream: Any) -> None:
        nonlocal read
        async for _ in stream._input_ch:
            read += 1

    async with kit.open(engine) as stream:
        await kit.pause()
        with Stopwatch() as watch:
            for pushed in range(1, count + 1):
                stream.push_frame(frame)
                while read < pushed:
                    await kit.pause()
    return (watch.micros(count),)


ROWS = (Row(2, (Line("push to engine, one wake-up a frame", "us/frame"),), in_loop(wakeup)),)
