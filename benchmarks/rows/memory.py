"""
Row 7. What Python has allocated for one open stream: an idle one, and one with 30 s of 16 kHz
audio in 20 ms frames that wait for an engine which does not read (the samples are 938 KiB).
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

from ..kit import Kit
from .row import Line, Row, in_loop

_SETTLING = 10  # passes of the event loop


async def _memory(kit: Kit, streams: int, frames: int) -> float:
    started = 0

    async def engine(stream: Any) -> None:
        nonlocal started
        started += 1
        if frames:
            await kit.sleep(3600)
        async for _ in stream._input_ch:
            pass

    async with kit.streams(5, engine):  # what is made once for all is made now
        await kit.pause()
    gc.collect()
    started = 0
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        async with kit.streams(streams, engine) as opened:
            while started < streams:
                await kit.pause()
            for _ in range(_SETTLING):  # what opening needs and an open stream does not
                await kit.pause()
            for stream in opened:
                for _ in range(frames):
                    stream.push_frame(kit.frame(320))
            gc.collect()
            return (tracemalloc.get_traced_memory()[0] - before) / streams / 1024
    finally:
        tracemalloc.stop()


def _with(streams: int, frames: int) -> Callable[[Kit, bool], Awaitable[tuple[float, ...]]]:
    async def work(kit: Kit, quick: bool) -> tuple[float, ...]:
        return (await _memory(kit, streams, frames),)

    return work


ROWS = (
    Row(7, (Line("memory of an idle stream", "KiB/stream"),), in_loop(_with(100, 0)), repeat=3),
    Row(
        7,
        (Line("memory of a stream with 30 s pending", "KiB/stream"),),
        in_loop(_with(2, 1500)),
        repeat=3,
    ),
)
