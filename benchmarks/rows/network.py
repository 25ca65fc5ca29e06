"""
Row 13. Streams to a server on this machine that speaks Deepgram's protocol, at the real-time
pace: 20 ms frames in, messages of 50 ms out, an interim back each half second and a final each
two seconds. How many such streams one core carries: the processor time of the contestant's
process, all of it, for each second of a stream. The server has a process of its own and is the
same for all.

LiveKit's plugin makes messages of 50 ms and cannot be told otherwise, so the others do the same;
the last line has each at what it does by default: ours at 100 ms, the bare client likewise.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from ..deepgram_server import serve_deepgram
from ..kit import Kit
from .row import Line, Row, in_loop

_FRAME = 0.02
_TICK = 0.005
_SLICES = 4  # ticks in a frame
_SETTLE = 1.0  # seconds of audio before anything is counted


async def streams_per_core(kit: Kit, count: int, seconds: float, chunk: float | None) -> float:
    frame = kit.frame(320)
    heard = [0] * count

    async def consume(index: int, stream: Any) -> None:
        async for _ in stream:
            heard[index] += 1

    async def push(streams: list[Any], audio: float) -> float:
        """Push so much audio into each stream; return how much was pushed into all of them."""
        started, ticks = time.perf_counter(), int(audio / _TICK)
        for tick in range(ticks):
            for index in range(tick % _SLICES, count, _SLICES):
                streams[index].push_frame(frame)
            late = time.perf_counter() - started - (tick + 1) * _TICK
            await (kit.pause() if late >= 0 else kit.sleep(-late))
        return count * ticks / _SLICES * _FRAME

    with serve_deepgram() as url:
        async with kit.deepgram(url, count, chunk) as streams, kit.group() as group:
            for index, stream in enumerate(streams):
                group.start_soon(consume, index, stream)
            await push(streams, _SETTLE)
            await kit.sleep(0.2)
            used = time.process_time()
            pushed = await push(streams, seconds)
            used = time.process_time() - used
            await kit.sleep(0.3)
        # An interim each half second: who says less has not recognised what was pushed.
        assert min(heard) >= 2 * seconds, f"{min(heard)} events of a stream in {seconds} s"
    return pushed / used


def _with(count: int, chunk: float | None) -> Callable[[Kit, bool], Awaitable[tuple[float, ...]]]:
    async def work(kit: Kit, quick: bool) -> tuple[float, ...]:
        return (await streams_per_core(kit, count, 2.0 if quick else 6.0, chunk),)

    return work


def _row(count: int, chunk: float | None, how: str) -> Row:
    name = f"{count} streams to a Deepgram server, {how}"
    return Row(13, (Line(name, "streams/core", False),), in_loop(_with(count, chunk)), repeat=5)


ROWS = (
    _row(50, 0.05, "messages of 50 ms"),
    _row(150, 0.05, "messages of 50 ms"),
    _row(150, None, "messages as each makes them"),
)
