"""One recording through one engine: events out, progress told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

import anyio

from anyio_stt import STT, RecognizeStream, SpeechEvent, SpeechEventType
from anyio_stt.audio import AudioReader
from anyio_stt.audio.pauses import cut_at_pauses

from .display import Display
from .recordings import mono_frames

__all__ = ("Transcription",)

_REFRESH_INTERVAL = 0.1
_GUESSES = (SpeechEventType.INTERIM_TRANSCRIPT, SpeechEventType.PREFLIGHT_TRANSCRIPT)


class Transcription:
    """
    Feeds a recording to an engine and passes on what it says.

    Args:
        stt: the engine; one that cannot stream is given the recording in pieces that it takes.
        display: shows progress and interim text.
        tell: is given every event.
        language: what is spoken, or None.
        realtime: whether to feed no faster than it was spoken.
    """

    def __init__(
        self,
        stt: STT,
        display: Display,
        tell: Callable[[SpeechEvent], None],
        *,
        language: str | None,
        realtime: bool,
    ) -> None:
        self._stt = stt
        self._display = display
        self._tell = tell
        self._language = language
        self._realtime = realtime

    async def run(self, audio: AudioReader) -> None:
        """Transcribe *audio* to its end; raises what the engine or the recording failed with."""
        if self._stt.capabilities.streaming:
            await self._stream(audio)
        else:
            await self._recognize(audio)

    async def _stream(self, audio: AudioReader) -> None:
        async with (
            self._stt.stream(language=self._language) as stream,
            anyio.create_task_group() as tg,
        ):
            tg.start_soon(self._feed, stream, audio)
            if self._display.live:
                tg.start_soon(self._show_progress, stream)
            async for event in stream:
                self._show(event)
            tg.cancel_scope.cancel()

    async def _feed(self, stream: RecognizeStream, audio: AudioReader) -> None:
        async with aclosing(mono_frames(audio, realtime=self._realtime)) as frames:
            await stream.feed(frames)

    async def _show_progress(self, stream: RecognizeStream) -> None:
        start = anyio.current_time()
        while True:
            elapsed = anyio.current_time() - start
            self._display.advance(stream.statistics().delivered, elapsed)
            await anyio.sleep(_REFRESH_INTERVAL)

    def _show(self, event: SpeechEvent) -> None:
        if event.type in _GUESSES and event.alternatives:
            self._display.guess(event.alternatives[0].text)
        self._tell(event)

    async def _recognize(self, audio: AudioReader) -> None:
        longest = self._stt.capabilities.max_utterance
        async with (
            aclosing(mono_frames(audio, realtime=self._realtime)) as frames,
            aclosing(cut_at_pauses(frames, longest)) as pieces,
        ):
            async for start, piece in pieces:
                event = await self._stt.recognize(piece, language=self._language)
                self._show(event.shifted(start))
