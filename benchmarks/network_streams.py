"""
Many streams to one server in this process: memory and processor time of each.

    python -m benchmarks.network_streams [--streams 1000] [--seconds 20] [--frame 0.02]
                                         [--backend asyncio]

The server speaks Deepgram's protocol and runs in a process of its own; the streams push frames
at the pace of speech.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from multiprocessing.connection import Connection
from typing import Any

import anyio

from anyio_stt import APIConnectOptions, AudioFrame, SpeechEventType
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.testing import cut
from anyio_stt.testing.servers import DeepgramServer, say_words


def main() -> None:
    """Measure, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--frame", type=float, default=0.02)
    parser.add_argument("--backend", choices=["asyncio", "uvloop", "trio"], default="asyncio")
    arguments = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    address = ours.recv()
    name = "asyncio" if arguments.backend == "uvloop" else arguments.backend
    options: dict[str, Any] = {"use_uvloop": True} if arguments.backend == "uvloop" else {}
    try:
        anyio.run(_measure, address, arguments, backend=name, backend_options=options)
    finally:
        server.kill()


def _serve(pipe: Connection) -> None:
    async def run() -> None:
        async with DeepgramServer() as server:
            pipe.send((server.base_url, server.api_key))
            await anyio.sleep_forever()

    anyio.run(run)


async def _measure(address: tuple[str, str], arguments: argparse.Namespace) -> None:
    url, key = address
    frame = arguments.frame
    frames = cut(say_words(range(1, 1 + round(arguments.seconds / 0.43))), frame)
    empty = _memory()
    finals = [0] * arguments.streams
    opening = anyio.CapacityLimiter(50)
    opened = anyio.Event()
    waiting = arguments.streams
    async with DeepgramSTT(base_url=url, api_key=key) as stt, anyio.create_task_group() as tasks:

        async def one(index: int) -> None:
            nonlocal waiting
            options = APIConnectOptions(max_retry=0, timeout=60, drain_timeout=60)
            async with stt.stream(conn_options=options) as stream:
                async with opening:
                    while stream.statistics().delivered == 0:
                        stream.push_frame(frames[0])
                        await anyio.sleep(frame)
                waiting -= 1
                if not waiting:
                    opened.set()
                await opened.wait()
                tasks.start_soon(_feed, stream, frames, index / arguments.streams * frame)
                async for event in stream:
                    finals[index] += event.type is SpeechEventType.FINAL_TRANSCRIPT

        for index in range(arguments.streams):
            tasks.start_soon(one, index)
        await opened.wait()
        full, worked = _memory(), time.process_time()
        await anyio.sleep(arguments.seconds * 0.8)
        steady = _memory()
    # All that the audio cost, to its end: on a busy machine a rate over time would flatter.
    share = (time.process_time() - worked) / arguments.seconds / arguments.streams
    print(
        f"{arguments.streams} streams on {arguments.backend}, frames of {frame * 1000:g} ms: "
        f"{(full - empty) / arguments.streams:.1f} KiB each when open, "
        f"{(steady - empty) / arguments.streams:.1f} KiB with audio; "
        f"{share:.3%} of a core each, {1 / share:.0f} streams per core; "
        f"finals per stream {min(finals)} to {max(finals)}"
    )


async def _feed(stream: Any, frames: list[AudioFrame], offset: float) -> None:
    start = anyio.current_time() + offset
    for number, frame in enumerate(frames):
        await anyio.sleep_until(start + number * frames[0].duration)
        stream.push_frame(frame)
    stream.end_input()


def _memory() -> float:
    """Resident memory of this process, in KiB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1024


if __name__ == "__main__":
    main()
