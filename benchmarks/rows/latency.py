"""
Row 9. Streams at the real-time pace: 20 ms frames, evenly spread over time; the engine wants
100 ms chunks and answers each with an interim. The time from pushing the frame that completes a
chunk until a consumer has the event, with 500 streams; and how many streams one core carries
before the slowest hundredth of the events takes longer than a frame lasts.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from ..kit import Kit
from .row import Line, Row, in_loop

_TICK = 0.001
_FRAMES = 5  # in a chunk
_SLICES = 20  # ticks in a frame


async def at_pace(
    kit: Kit, streams: int, seconds: float, *, give_up: float = math.inf
) -> tuple[list[float], float]:
    """
    Return the sorted latencies in microseconds, and how much of a core was used, in per cent.

    They are infinite when the pace was missed by more than *give_up* seconds.
    """
    frame = kit.frame(320)
    latencies: list[float] = []

    async def engine(stream: Any) -> None:
        await kit.answer_chunks(stream, 320 * _FRAMES)

    async def consume(stream: Any, pushed_at: deque[float]) -> None:
        await stream.__anext__()  # START
        async for _ in stream:
            latencies.append(time.perf_counter() - pushed_at.popleft())  # noqa: PERF401

    async with kit.streams(streams, engine, chunk=0.1) as opened, kit.group() as group:
        pushed: list[deque[float]] = [deque() for _ in opened]
        # Chunks of different streams end at different times: some begin with frames in hand.
        phases = [index // _SLICES % _FRAMES for index in range(streams)]
        for stream, phase, pushed_at in zip(opened, phases, pushed, strict=True):
            group.start_soon(consume, stream, pushed_at)
            for _ in range(phase):
                stream.push_frame(frame)
        await kit.sleep(0.1)
        started, used = time.perf_counter(), time.process_time()
        for tick in range(int(seconds / _TICK)):
            for index in range(tick % _SLICES, streams, _SLICES):
                if (tick // _SLICES + phases[index]) % _FRAMES == _FRAMES - 1:
                    pushed[index].append(time.perf_counter())
                opened[index].push_frame(frame)
            late = time.perf_counter() - started - (tick + 1) * _TICK
            if late > give_up:
                return [math.inf], math.inf
            await (kit.pause() if late >= 0 else kit.sleep(-late))
        used = (time.process_time() - used) / (time.perf_counter() - started) * 100
        await kit.sleep(0.1)
    return sorted(1e6 * each for each in latencies), used


async def latency(kit: Kit, quick: bool) -> tuple[float, ...]:
    latencies, used = await at_pace(kit, 500, 1 if quick else 4)
    return (*(latencies[int(len(latencies) * share)] for share in (0.5, 0.99, 0.999)), used)


async def capacity(kit: Kit, quick: bool) -> tuple[float, ...]:
    async def carries(streams: int) -> bool:
        for _ in range(2):  # a busy moment of the machine is not the contestant's
            latencies, _ = await at_pace(kit, streams, 1, give_up=0.2)
            if latencies[int(len(latencies) * 0.99)] <= 1e6 * _SLICES * _TICK:
                return True
        return False

    return (float(await largest(carries, 250, 32_000)),)


async def largest(carries: Callable[[int], Awaitable[bool]], step: int, limit: int) -> int:
    """Return the largest number that is carried, to a tenth: doubled until none, then halved."""
    low, high = 0, step
    while high <= limit and await carries(high):
        low, high = high, high * 2
    while high - low > max(step, low // 10):
        middle = (low + high) // 2
        low, high = (middle, high) if await carries(middle) else (low, middle)
    return low


ROWS = (
    Row(
        9,
        (
            Line("latency at the real-time pace, 500 streams, p50", "us"),
            Line("latency at the real-time pace, 500 streams, p99", "us"),
            Line("latency at the real-time pace, 500 streams, p99.9", "us"),
            Line("share of a core at the real-time pace, 500 streams", "%"),
        ),
        in_loop(latency),
        repeat=5,
    ),
    Row(
        9,
        (Line("streams at the real-time pace until a core is full", "streams", False),),
        in_loop(capacity),
        repeat=2,
        quick=False,
    ),
)
