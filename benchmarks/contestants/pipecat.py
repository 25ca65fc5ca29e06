"""
Pipecat, on asyncio, as it must.

Equal: an `STTService` gets each frame through its own queue and task, its engine is the same
lines of code, and what the engine says goes to the next processor and from there to a consumer.

Not equal: a service of Pipecat is called with each frame instead of reading them, so the engine
here is a coroutine that `run_stt` resumes in place; nobody has to be woken for it. There is no
pipeline worker around the processors, no observer, no turn tracking, no log: less than any
application of Pipecat runs. Its service keeps nothing for a retry, and bounds nothing that waits.
It has no event for a recognition's usage, and no frame of its own for where speech starts.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from loguru import logger
from pipecat.clocks.system_clock import SystemClock
from pipecat.frames.frames import (
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    StartFrame,
    TextFrame,
    TranscriptionFrame,
)
from pipecat.processors.frame_processor import (
    FrameDirection,
    FrameProcessor,
    FrameProcessorSetup,
)
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import STTService
from pipecat.utils.asyncio.task_manager import TaskManager
from pipecat.utils.time import time_now_iso8601

from ..kit import RATE, Body, Kit, NotMeasured, Stream
from ..loops import AsyncioKit

_SETTINGS = STTSettings(model=None, language=None)


class _Audio:
    """What the engine reads: each step gives control back to `run_stt`."""

    def __aiter__(self) -> _Audio:
        return self

    @types.coroutine
    def __anext__(self) -> Generator[None, bytes | None, bytes]:
        audio = yield
        if audio is None:
            raise StopAsyncIteration
        return audio


class _Said(list[Frame]):
    """What the engine has said and `run_stt` has not given yet."""

    send_nowait = list.append


class _Service(STTService):
    def __init__(self, body: Body) -> None:
        super().__init__(
            sample_rate=RATE, audio_passthrough=False, ttfs_p99_latency=0.1, settings=_SETTINGS
        )
        self._input_ch, self._event_ch = _Audio(), _Said()
        self._engine: Any = body(self)
        self._returned = False

    def step(self, audio: bytes | None) -> None:
        """Let the engine run until it wants more audio."""
        try:
            self._engine.send(audio)
        except StopIteration:
            self._returned = True

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        self.step(None)
        for said in self._event_ch:
            await self.push_frame(said)
        self._event_ch.clear()

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        self.step(audio)
        for frame in self._event_ch:
            yield frame
        self._event_ch.clear()
        if self._returned:  # its stream ends with the engine, as with the others
            yield EndFrame()

    async def stop(self, frame: EndFrame) -> None:
        if not self._returned:
            self.step(None)
        await super().stop(frame)


class _Sink(FrameProcessor):
    """The next processor: it works in place, without a queue before it, and keeps the texts."""

    def __init__(self) -> None:
        super().__init__(enable_direct_mode=True)
        self.heard: asyncio.Queue[Frame | None] = asyncio.Queue()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TextFrame):
            self.heard.put_nowait(frame)
        elif isinstance(frame, EndFrame):
            self.heard.put_nowait(None)


class _Stream:
    def __init__(self, body: Body) -> None:
        self._service, self._sink = _Service(body), _Sink()
        self._service.link(self._sink)

    @asynccontextmanager
    async def opened(self, setup: FrameProcessorSetup) -> AsyncIterator[_Stream]:
        for processor in (self._service, self._sink):
            await processor.setup(setup)
        try:
            self.push_frame(StartFrame())
            yield self
        finally:
            for processor in (self._service, self._sink):
                await processor.cleanup()
            self._service._engine.close()

    def push_frame(self, frame: Frame) -> None:
        # Its queue has no bound, so this is done at once and needs nobody to await it.
        try:
            self._service.queue_frame(frame).send(None)
        except StopIteration:
            return
        raise RuntimeError("queue_frame waited")

    def end_input(self) -> None:
        self.push_frame(EndFrame())

    def __aiter__(self) -> _Stream:
        return self

    async def __anext__(self) -> Frame:
        frame = await self._sink.heard.get()
        if frame is None:
            raise StopAsyncIteration
        return frame


class PipecatKit(AsyncioKit):
    packages = ("pipecat-ai", "numpy")
    import_line = "import pipecat.services.stt_service"

    def frame(
        self, samples: int, rate: int = RATE, data: bytes | None = None
    ) -> InputAudioRawFrame:
        return InputAudioRawFrame(data or bytes(2 * samples), rate, 1)

    @asynccontextmanager
    async def open(self, body: Body) -> AsyncIterator[Stream]:
        async with self.streams(1, body) as (stream,):
            yield stream

    @asynccontextmanager
    async def streams(
        self,
        count: int,
        body: Body,
        *,
        chunk: float | None = None,
        on_metrics: Callable[[Any], None] | None = None,
    ) -> AsyncIterator[list[Any]]:
        setup = FrameProcessorSetup(
            clock=SystemClock(), task_manager=TaskManager(), pipeline_worker=None
        )
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(_Stream(body).opened(setup)) for _ in range(count)
            ]

    async def answer_chunks(self, stream: Any, samples: int) -> None:
        held = bytearray()
        stream._event_ch.send_nowait(self.start())
        async for audio in stream._input_ch:
            held += audio
            if len(held) >= 2 * samples:
                held.clear()
                stream._event_ch.send_nowait(self.interim())

    def interim(self) -> InterimTranscriptionFrame:
        return InterimTranscriptionFrame("x", "", time_now_iso8601())

    def start(self) -> InterimTranscriptionFrame:
        return self.interim()

    def final(self) -> TranscriptionFrame:
        return TranscriptionFrame("x", "", time_now_iso8601())

    def utterance(self) -> tuple[Any, ...]:
        raise NotMeasured("has no event for the usage of a recognition")


def make(argument: str) -> Kit:
    logger.remove()
    return PipecatKit()
