"""Row 6. A stream is opened, its engine asks for audio, and the stream is closed."""

from __future__ import annotations

from typing import Any

from ..kit import Kit
from .row import Line, Row, Stopwatch, in_loop


async def open_and_close(kit: Kit, quick: bool) -> tuple[float, ...]:
    count = 500 if quick else 2_000
    started = 0

    async def engine(stream: Any) -> None:
        nonlocal started
        started += 1
        async for _ in stream._input_ch:
            pass

    with Stopwatch() as watch:
        for number in range(1, count + 1):
            async with kit.open(engine):
                while started < number:
                    await kit.pause()
    return (watch.micros(count),)


ROWS = (Row(6, (Line("open and close a stream", "us/stream"),), in_loop(open_and_close)),)
