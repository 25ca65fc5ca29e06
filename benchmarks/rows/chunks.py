"""
Row 4. Many streams at once, 20 ms frames in rounds; the engine wants 100 ms chunks and answers
each with an interim, which a consumer of every stream reads.

Ours cuts in the base, so that the engine wakes once a chunk; LiveKit's engines cut for
themselves with its AudioByteStream.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ..kit import Kit
from .row import Line, Row, Stopwatch, in_loop

_FRAMES = 5  # in a chunk


async def answered_chunks(kit: Kit, streams: int, chunks: int) -> float:
    frame = kit.frame(320)
    events = 0

    async def engine(stream: Any) -> None:
        await kit.answer_chunks(stream, 320 * _FRAMES)

    async def consume(stream: Any) -> None:
        nonlocal events
        async for _ in stream:
            events += 1

    async with kit.streams(streams, engine, chunk=0.1) as opened, kit.group() as group:
        for stream in opened:
            group.start_soon(consume, stream)

        async def one_chunk() -> None:
            wanted = events + streams
            for _ in range(_FRAMES):
                for stream in opened:
                    stream.push_frame(frame)
                for _ in range(3):  # an engine that wants to look at single frames does so now
                    await kit.pause()
            while events < wanted:
                await kit.pause()

        while events < streams:  # all have said START
            await kit.pause()
        await one_chunk()
        with Stopwatch() as watch:
            for _ in range(chunks):
                await one_chunk()
    return watch.micros(chunks * _FRAMES * streams)


def _with(streams: int) -> Callable[[Kit, bool], Awaitable[tuple[float, ...]]]:
    async def work(kit: Kit, quick: bool) -> tuple[float, ...]:
        chunks = (20_000 if quick else 50_000) // streams // _FRAMES
        return (await answered_chunks(kit, streams, chunks),)

    return work


ROWS = tuple(
    Row(
        4,
        (Line(f"{streams:,} streams, 100 ms chunks, an interim each", "us/frame"),),
        in_loop(_with(streams)),
    )
    for streams in (100, 1_000)
)
