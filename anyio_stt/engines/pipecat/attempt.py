"""One service of Pipecat's, from its beginning to its end, in an asyncio loop."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio

from ...audio.frame import AudioFrame
from ...audio.mixing import mix_down
from ...events import SpeechEvent
from ...exceptions import APIConnectionError, APIError
from . import theirs
from .translation import our_error, our_event

__all__ = ("ServiceRun",)

_logger = logging.getLogger("anyio_stt")

_AHEAD = 1.0  # seconds of audio that may wait in the service's queue: more would pass for heard
_CONNECTIONS = ("_connection", "_websocket")  # where services keep theirs, or None


class _Neighbour(theirs.processors.FrameProcessor):  # type: ignore[misc]
    """The processor before the service, or the one behind it: takes each frame in place."""

    def __init__(self, hear: Callable[[Any], None]) -> None:
        super().__init__(enable_direct_mode=True)
        self._hear = hear

    async def process_frame(self, frame: Any, direction: Any) -> None:
        await super().process_frame(frame, direction)
        self._hear(frame)


class ServiceRun:
    """
    One attempt of a service.

    A service reconnects by itself and goes on without what the lost connection had heard: so
    its first error, and a connection that is gone, end the attempt, and another service hears
    that audio again.

    Args:
        service: newly made.
        say: is given each event.
        label: the service's name.
        sample_rate: of the audio.
        settle: how many seconds nothing may be said after a flush until all was said.
        grace: seconds that closing may take.
    """

    def __init__(
        self,
        service: Any,
        say: Callable[[SpeechEvent], None],
        *,
        label: str,
        sample_rate: int,
        settle: float,
        grace: float,
    ) -> None:
        self._service = service
        self._say = say
        self._label = label
        self._rate = sample_rate
        self._settle = settle
        self._grace = grace
        self._segmented = isinstance(service, theirs.services.SegmentedSTTService)
        self._changed = anyio.Event()
        self._error: APIError | None = None
        self._connected = self._speaking = self._open = self._over = False
        self._given = self._heard = 0.0
        self._said_at = 0.0
        self._ends = [_Neighbour(self._hear), _Neighbour(self._hear)]

    async def run(self, source: AsyncIterator[Any]) -> None:
        """
        Let the service hear *source* to its end.

        Raises:
            APIError: for what the service reported, or for a connection that it lost.
        """
        try:
            await self._begin()
            async for item in source:
                await (self._give(item) if isinstance(item, AudioFrame) else self._flush())
            await self._flush()
            await self._drain()
        finally:
            with anyio.move_on_after(self._grace, shield=True) as scope:
                await self._close()
            if scope.cancelled_caught:
                _logger.error("%s did not close within %g s", self._label, self._grace)

    async def _begin(self) -> None:
        before, behind = self._ends
        before.link(self._service)
        self._service.link(behind)
        self._service._audio_passthrough = True  # noqa: SLF001 - it shows how far it has read
        setup = theirs.processors.FrameProcessorSetup(
            clock=theirs.clock.SystemClock(),
            task_manager=theirs.tasks.TaskManager(),
            pipeline_worker=None,
            audio_in_sample_rate=self._rate,
        )
        for processor in (before, self._service, behind):
            await processor.setup(setup)
        await self._queue(theirs.frames.StartFrame())
        self._check()

    async def _queue(self, frame: Any) -> None:
        await self._service.queue_frame(frame)

    async def _give(self, frame: AudioFrame) -> None:
        if not self._speaking:
            self._speaking = True
            await self._queue(theirs.frames.VADUserStartedSpeakingFrame())
        mono = mix_down(frame)
        self._given += mono.duration
        await self._queue(theirs.frames.InputAudioRawFrame(mono.pcm, mono.sample_rate, 1))
        while self._given - self._heard > _AHEAD and not self._error:
            await self._change()
        self._check()

    async def _flush(self) -> None:
        if self._speaking:
            self._speaking = False
            self._said_at = anyio.current_time()
            await self._queue(theirs.frames.VADUserStoppedSpeakingFrame())
        self._check()

    async def _drain(self) -> None:
        """Wait until all was said; a streaming service would end without its last words."""
        if self._segmented:
            await self._queue(theirs.frames.EndFrame())
            while not (self._over or self._error):
                await self._change()
        while not (self._segmented or self._error):
            quiet = anyio.current_time() - self._said_at
            if not self._open and quiet >= self._settle:
                break
            with anyio.move_on_after(max(self._settle - quiet, self._settle / 10)):
                await self._change()
            self._check()
        self._check()

    async def _change(self) -> None:
        if self._changed.is_set():
            self._changed = anyio.Event()
        await self._changed.wait()

    def _check(self) -> None:
        """Raise what the service failed with."""
        for name in _CONNECTIONS:
            if hasattr(self._service, name):
                here = getattr(self._service, name) is not None
                if self._connected and not here and not self._error:
                    self._error = APIConnectionError(f"{self._label} lost its connection")
                self._connected = self._connected or here
        if self._error is not None:
            raise self._error

    async def _close(self) -> None:
        try:
            if not self._over:
                await self._queue(theirs.frames.CancelFrame())
                with anyio.move_on_after(self._grace / 2):
                    while not self._over:
                        await self._change()
            for processor in (self._ends[0], self._service, self._ends[1]):
                await processor.cleanup()
        except Exception:
            _logger.warning("%s failed to close", self._label, exc_info=True)

    # ---- what it says

    def _hear(self, frame: Any) -> None:
        frames = theirs.frames
        if isinstance(frame, frames.InputAudioRawFrame):
            self._heard += len(frame.audio) / (2 * frame.num_channels * frame.sample_rate)
        elif isinstance(frame, (frames.TranscriptionFrame, frames.InterimTranscriptionFrame)):
            self._open = isinstance(frame, frames.InterimTranscriptionFrame)
            self._said_at = anyio.current_time()
            self._say(our_event(frame, final=not self._open))
        elif isinstance(frame, frames.ErrorFrame):
            self._error = self._error or our_error(frame, self._label)
        elif isinstance(frame, (frames.EndFrame, frames.CancelFrame)):
            self._over = True
        self._changed.set()
