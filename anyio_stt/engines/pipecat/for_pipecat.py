"""An engine here as a processor of Pipecat's."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio

from ...audio.frame import AudioFrame
from ...events import SpeechEventType
from ...exceptions import InputEndedError, StreamClosedError
from ...options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from ...stt import STT
from . import theirs
from .translation import their_transcription

__all__ = ("ForPipecat",)

_TRANSCRIPTS = (
    SpeechEventType.INTERIM_TRANSCRIPT,
    SpeechEventType.PREFLIGHT_TRANSCRIPT,
    SpeechEventType.FINAL_TRANSCRIPT,
)


if TYPE_CHECKING:

    class _Processor:
        """What is used of Pipecat's base; its own types are not complete."""

        async def process_frame(self, frame: Any, direction: Any) -> None: ...
        async def push_frame(self, frame: Any, direction: Any = ...) -> None: ...
        async def push_error(self, error_msg: str, **options: Any) -> None: ...
        async def cleanup(self) -> None: ...
        def create_task(self, coroutine: Any) -> Any: ...
        async def cancel_task(self, task: Any) -> None: ...

else:
    _Processor = theirs.processors.FrameProcessor


class ForPipecat(_Processor):
    """
    Any engine here, adapters included, in a `Pipeline` of Pipecat's.

        pipeline = Pipeline([transport.input(), ForPipecat(FallbackAdapter([a, b])), ...])

    It takes audio and gives transcriptions; audio goes on to the next processor, too. Where
    Pipecat's detector says that the user stopped speaking, the stream is flushed; at an
    `EndFrame` all that was heard is said before it goes on. What the engine fails with is an
    `ErrorFrame` that is fatal. A `CancelFrame` ends the stream at once.

    Args:
        engine: what recognises; it is closed with the processor.
        language: the language spoken, for engines that take one.
        conn_options: retries, deadlines and bounds.
        user_id: whom the transcriptions name.
    """

    def __init__(
        self,
        engine: STT,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        user_id: str = "",
    ) -> None:
        super().__init__()
        self._engine = engine
        self._stream = engine.stream(language=language, conn_options=conn_options)
        self._user_id = user_id
        self._muted = False
        self._listening: Any = None

    @property
    def engine(self) -> STT:
        """The engine inside."""
        return self._engine

    async def process_frame(self, frame: Any, direction: Any) -> None:
        """Take a frame, as Pipecat gives it."""
        await super().process_frame(frame, direction)
        frames = theirs.frames
        if isinstance(frame, frames.StartFrame):
            await self._begin()
        elif isinstance(frame, frames.InputAudioRawFrame):
            await self._hear(frame)
        elif isinstance(frame, frames.VADUserStoppedSpeakingFrame):
            self._stream.flush()
        elif isinstance(frame, frames.STTMuteFrame):
            self._muted = frame.mute
            return
        elif isinstance(frame, frames.EndFrame):
            await self._end()
        elif isinstance(frame, frames.CancelFrame):
            await self._stream.aclose()
        await self.push_frame(frame, direction)

    async def _begin(self) -> None:
        begun, self._done = anyio.Event(), anyio.Event()
        self._listening = self.create_task(self._listen(begun))
        await begun.wait()

    async def _listen(self, begun: anyio.Event) -> None:
        """Run the stream in a task of the processor's, and pass on what it says."""
        try:
            async with self._stream:
                begun.set()
                async for event in self._stream:
                    if event.type in _TRANSCRIPTS and event.alternatives:
                        await self.push_frame(their_transcription(event, self._user_id))
        except Exception as exc:  # noqa: BLE001 - as Pipecat tells it
            await self.push_error(str(exc), exception=exc, force_treat_as_permanent=True)
        finally:
            begun.set()
            self._done.set()

    async def _hear(self, frame: Any) -> None:
        if self._muted or not frame.audio:
            return
        samples = len(frame.audio) // (2 * frame.num_channels)
        audio = AudioFrame(frame.audio, frame.sample_rate, frame.num_channels, samples)
        try:
            await self._stream.send_frame(audio)
        except StreamClosedError:
            return  # it failed, and an error frame has told so

    async def _end(self) -> None:
        """Wait until all that was heard is said."""
        with suppress(StreamClosedError, InputEndedError):
            self._stream.end_input()
        if self._listening is not None:
            await self._done.wait()

    async def cleanup(self) -> None:
        """Close the stream and the engine."""
        await super().cleanup()
        await self._stream.aclose()
        if self._listening is not None:
            await self.cancel_task(self._listening)
            self._listening = None
        await self._engine.aclose()
