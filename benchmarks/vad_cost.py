"""
What a detector costs: of a core for each live stream, and how long the event loop waits for it.

    python -m benchmarks.vad_cost [asyncio | trio]

Live streams are given 100 ms of speech each tenth of a second; the share is the processor time
of the whole process, threads included. A burst is 30 s of speech pushed into one stream at once;
the longest pause of a task that does nothing but pass the loop is measured meanwhile.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from anyio_stt import VAD, AudioFrame, VADStream
from anyio_stt.engines.pocketsphinx import PocketSphinxVAD
from anyio_stt.engines.silero import SileroVAD
from anyio_stt.testing import cut, spoken

_FRAME = 0.1
_SPEECH = cut(spoken().frame, _FRAME)[:-1]  # the last is shorter


def speech(seconds: float) -> list[AudioFrame]:
    """Return so much speech, the same again and again."""
    return [_SPEECH[n % len(_SPEECH)] for n in range(round(seconds / _FRAME))]


async def consume(stream: VADStream, done: Callable[[], None] = lambda: None) -> None:
    async for _ in stream:
        pass
    done()


@asynccontextmanager
async def listening(vad: VAD, count: int) -> AsyncIterator[list[VADStream]]:
    """Open streams whose events are read."""
    async with anyio.create_task_group() as tasks:
        streams = [vad.stream().start(tasks) for _ in range(count)]
        for stream in streams:
            tasks.start_soon(consume, stream)
        yield streams
        for stream in streams:
            await stream.aclose()


async def share(vad: VAD, count: int, seconds: float) -> float:
    """Return how much of a core a live stream takes, of *count* at the same time."""
    async with listening(vad, count) as streams:
        await anyio.sleep(0.2)
        used, began = time.process_time(), time.perf_counter()
        for n, frame in enumerate(speech(seconds), 1):
            for stream in streams:
                stream.push_frame(frame)
            await anyio.sleep(max(0.0, began + n * _FRAME - time.perf_counter()))
        return (time.process_time() - used) / seconds / count


async def longest_pause(vad: VAD, seconds: float) -> float:
    """Return how long the loop waited at the most while one stream heard a burst."""
    longest = 0.0
    async with vad.stream() as stream, anyio.create_task_group() as tasks:
        tasks.start_soon(consume, stream, tasks.cancel_scope.cancel)
        await anyio.sleep(0.1)
        for frame in speech(seconds):
            stream.push_frame(frame)
        stream.end_input()
        last = time.perf_counter()
        while True:
            await anyio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
    return longest


async def main() -> None:
    """Print a line for each detector."""
    for vad, count in ((PocketSphinxVAD(), 100), (SileroVAD(), 5)):
        part = 100 * await share(vad, count, 5.0)
        pause = 1000 * min([await longest_pause(vad, 30.0) for _ in range(3)])
        name = type(vad).__name__
        print(f"{name}: {part:.2f} % of a core a stream ({count} live), pause {pause:.1f} ms")


if __name__ == "__main__":
    anyio.run(main, backend=sys.argv[1] if sys.argv[1:] else "asyncio")
