"""
What the bridge to LiveKit costs: `python -m benchmarks.livekit_bridge`, with the extra `livekit`.

A plugin that answers each frame at once stands for a provider, so that only the way to it and
back is measured. LiveKit's own figures are of the same plugin in LiveKit.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable
from statistics import median, quantiles
from typing import Any

import anyio
from livekit import rtc
from livekit.agents import APIConnectOptions, LanguageCode, stt

from anyio_stt import AudioFrame
from anyio_stt.engines.livekit import LiveKitSTT

FRAME = AudioFrame(bytes(640), 16000, 1, 320)  # 20 ms
THEIRS = rtc.AudioFrame(bytes(640), 16000, 1, 320)
OPTIONS = APIConnectOptions(max_retry=0)
Measure = Callable[[bool], Awaitable[str]]


class Echo(stt.STT):
    """Answers each frame with a guess; blocks its loop with each second of audio if told to."""

    def __init__(self, block: float = 0.0) -> None:
        can = stt.STTCapabilities(streaming=True, interim_results=True)
        super().__init__(capabilities=can)
        self.block = block

    async def _recognize_impl(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError

    def stream(self, *, language: Any = None, conn_options: Any = OPTIONS) -> Any:
        return EchoStream(stt=self, conn_options=conn_options)


class EchoStream(stt.SpeechStream):
    async def _run(self) -> None:
        heard = 0.0
        async for item in self._input_ch:
            if isinstance(item, self._FlushSentinel):
                continue
            before, heard = heard, heard + item.duration
            if self._stt.block and int(heard) > int(before):
                time.sleep(self._stt.block)
            self._say(stt.SpeechEventType.INTERIM_TRANSCRIPT, heard)
        self._say(stt.SpeechEventType.FINAL_TRANSCRIPT, heard)

    def _say(self, kind: Any, heard: float) -> None:
        data = [stt.SpeechData(LanguageCode("en"), "a", 0.0, heard)]
        self._event_ch.send_nowait(stt.SpeechEvent(kind, "", data))


async def push_to_event(stream: Any, frame: Any, count: int = 3000) -> str:
    async def until_guess() -> None:
        while (await stream.__anext__()).type.value != "interim_transcript":
            pass

    times = []
    for number in range(count + 200):
        began = time.perf_counter()
        stream.push_frame(frame)
        await until_guess()
        if number >= 200:
            times.append((time.perf_counter() - began) * 1e6)
    return f"{median(times):.0f} us (p90 {quantiles(times, n=10)[-1]:.0f})"


async def latency(thread: bool) -> str:
    async with LiveKitSTT(Echo(), thread=thread) as engine, engine.stream() as stream:
        return await push_to_event(stream, FRAME)


async def latency_there(_: bool) -> str:
    stream = Echo().stream()
    try:
        return await push_to_event(stream, THEIRS)
    finally:
        await stream.aclose()


async def live(streams: list[Any], frame: Any, seconds: float = 6.0) -> str:
    """Push 50 frames a second into each stream; return the CPU it takes."""

    async def push() -> None:
        due = anyio.current_time()
        for _ in range(round(seconds * 50)):
            for stream in streams:
                stream.push_frame(frame)
            due += 0.02
            await anyio.sleep_until(due)
        for stream in streams:
            stream.end_input()

    async def read(stream: Any) -> None:
        async for _ in stream:
            pass

    began = time.process_time()
    async with anyio.create_task_group() as tasks:
        for stream in streams:
            tasks.start_soon(read, stream)
        tasks.start_soon(push)
    return f"{(time.process_time() - began) / seconds * 100:.1f} % of a core"


async def cpu(thread: bool) -> str:
    async with LiveKitSTT(Echo(), thread=thread) as engine, anyio.create_task_group() as tasks:
        streams = [engine.stream().start(tasks) for _ in range(20)]
        used = await live(streams, FRAME)
        for stream in streams:
            await stream.aclose()
        return used


async def cpu_there(_: bool) -> str:
    plugin = Echo()
    return await live([plugin.stream() for _ in range(20)], THEIRS)


async def closing(thread: bool) -> str:
    times = []
    async with LiveKitSTT(Echo(), thread=thread) as engine:
        for _ in range(100):
            async with engine.stream() as stream:
                stream.push_frame(FRAME)
                await stream.__anext__()
                began = time.perf_counter()
                await stream.aclose()
                times.append((time.perf_counter() - began) * 1e3)
    return f"{median(times):.2f} ms (most {max(times):.2f})"


async def stall(_: bool) -> str:
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        last = time.perf_counter()
        while True:
            await anyio.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last - 0.001), now

    engine = LiveKitSTT(Echo(block=1.0), thread=True)
    async with engine, engine.stream() as stream, anyio.create_task_group() as tasks:
        await stream.send_frame(FRAME)
        await stream.__anext__()  # its thread has begun
        tasks.start_soon(tick)
        for _ in range(150):
            stream.push_frame(FRAME)
        stream.end_input()
        async for _ in stream:
            pass
        tasks.cancel_scope.cancel()
    return f"{longest * 1e3:.1f} ms"


ROWS: list[tuple[str, Measure, str, bool]] = [
    ("push to event, LiveKit alone", latency_there, "asyncio", False),
    ("push to event, same loop", latency, "asyncio", False),
    ("push to event, thread=True", latency, "asyncio", True),
    ("push to event, trio", latency, "trio", True),
    ("20 live streams, LiveKit alone", cpu_there, "asyncio", False),
    ("20 live streams, same loop", cpu, "asyncio", False),
    ("20 live streams, thread=True", cpu, "asyncio", True),
    ("20 live streams, trio", cpu, "trio", True),
    ("aclose of a stream, same loop", closing, "asyncio", False),
    ("aclose of a stream, thread=True", closing, "asyncio", True),
    ("aclose of a stream, trio", closing, "trio", True),
    ("our loop, plugin blocks its own 1 s, thread=True", stall, "asyncio", True),
    ("our loop, plugin blocks its own 1 s, trio", stall, "trio", True),
]

if __name__ == "__main__":
    for name, measure, backend, thread in ROWS:
        if all(word in name for word in sys.argv[1:]):
            print(f"{name}: {anyio.run(measure, thread, backend=backend)}", flush=True)
