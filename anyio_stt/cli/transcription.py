"""One recording through one engine: events out, progress told."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace

import anyio
import numpy as np

from anyio_stt import STT, AudioFrame, RecognizeStream, SpeechData, SpeechEvent, SpeechEventType
from anyio_stt.audio.pause_cutting import PauseCutter

from .display import Display
from .in_order import InOrder, Turn

__all__ = ("Transcription",)

_REFRESH_INTERVAL = 0.1
_GUESSES = (SpeechEventType.INTERIM_TRANSCRIPT, SpeechEventType.PREFLIGHT_TRANSCRIPT)
_FINAL = SpeechEventType.FINAL_TRANSCRIPT
# Of a recording cut in pieces. Shorter ones cost words at their ends, longer ones leave a core
# without work at the end of the recording.
_PIECE = (30.0, 60.0)
# For engines of whole recordings: what most of them were trained on.
_REQUEST = (15.0, 28.0)
_SILENT = 16  # of 32768: nobody speaks, and some engines make words up


@dataclass(frozen=True)
class _Piece:
    frame: AudioFrame
    start: float


class Transcription:
    """
    Feeds a recording to an engine and passes on what it says, on the recording's clock.

    Args:
        stt: the engine; one that cannot stream is given pieces, cut where it is quiet.
        display: shows progress and interim text.
        tell: is given every event, in order.
        language: what is spoken, or None.
        start: where the audio begins on the recording's clock.
        jobs: how many pieces of the recording are recognised at once; 1 leaves it whole.
    """

    def __init__(
        self,
        stt: STT,
        display: Display,
        tell: Callable[[SpeechEvent], None],
        *,
        language: str | None = None,
        start: float = 0.0,
        jobs: int = 1,
    ) -> None:
        self._stt = stt
        self._display = display
        self._tell = tell
        self._language = language
        self._start = start
        self._jobs = jobs
        self._begun = anyio.current_time()
        self._heard = 0.0
        self.lost: float = 0.0
        """Seconds that the engine was given and could not answer for."""

    async def run(self, frames: AsyncIterator[AudioFrame]) -> None:
        """Transcribe *frames* to their end; raises what the engine or the recording failed with."""
        if self._stt.capabilities.streaming and self._jobs == 1:
            await self._stream(frames, self._start, self._show)
        else:
            await self._in_pieces(frames)

    async def _stream(
        self,
        frames: AsyncIterator[AudioFrame],
        start: float,
        tell: Callable[[SpeechEvent], None],
    ) -> None:
        async with (
            self._stt.stream(language=self._language) as stream,
            anyio.create_task_group() as tg,
        ):
            tg.start_soon(stream.feed, frames)
            if self._display.live and self._jobs == 1:
                tg.start_soon(self._show_progress, stream)
            async for event in stream:
                tell(event.shifted(start))
            self.lost += stream.statistics().dropped
            tg.cancel_scope.cancel()

    async def _show_progress(self, stream: RecognizeStream) -> None:
        while True:
            now = stream.statistics()
            elapsed = anyio.current_time() - self._begun
            self._display.advance(self._start + now.delivered, elapsed, lag=now.pending)
            await anyio.sleep(_REFRESH_INTERVAL)

    async def _in_pieces(self, frames: AsyncIterator[AudioFrame]) -> None:
        """Cut the audio where it is quiet, and recognise as many pieces at once as there may be."""
        shortest, longest = _PIECE if self._stt.capabilities.streaming else self._request()
        cutter = PauseCutter(shortest=shortest, longest=longest)
        order = InOrder[SpeechEvent](self._show)
        # Each holder of a place holds a piece: the reader waits rather than read on.
        places = anyio.Semaphore(self._jobs)
        position = self._start
        async with AsyncExitStack() as stack:
            tg = await stack.enter_async_context(anyio.create_task_group())
            async for frame in frames:
                piece = cutter.push(frame)
                if piece is not None:
                    await places.acquire()
                    tg.start_soon(self._piece, _Piece(piece, position), order.turn(), places)
                    position += piece.duration
            piece = cutter.flush()
            if piece is not None:
                await places.acquire()
                tg.start_soon(self._piece, _Piece(piece, position), order.turn(), places)

    def _request(self) -> tuple[float, float]:
        """Return the fewest and the most seconds of what a batch engine is given at once."""
        longest = min(_REQUEST[1], self._stt.capabilities.max_utterance or _REQUEST[1])
        return min(_REQUEST[0], longest / 2), longest

    async def _piece(self, piece: _Piece, turn: Turn[SpeechEvent], places: anyio.Semaphore) -> None:
        if self._stt.capabilities.streaming:
            async with aclosing(_in_tenths(piece.frame)) as frames:
                await self._stream(frames, piece.start, turn.put)
        elif np.max(np.abs(piece.frame.to_array().astype("i4")), initial=0) > _SILENT:
            turn.put(await self._recognized(piece))
        turn.done()
        places.release()
        self._heard += piece.frame.duration
        elapsed = anyio.current_time() - self._begun
        self._display.advance(self._start + self._heard, elapsed)

    async def _recognized(self, piece: _Piece) -> SpeechEvent:
        event = await self._stt.recognize([piece.frame], language=self._language)
        duration = piece.frame.duration
        timed = [_with_times(data, duration) for data in event.alternatives]
        return replace(event, alternatives=timed).shifted(piece.start)

    def _show(self, event: SpeechEvent) -> None:
        if event.type in _GUESSES and event.alternatives:
            self._display.guess(event.alternatives[0].text)
        self._tell(event)


def _with_times(data: SpeechData, duration: float) -> SpeechData:
    """Return *data* of a whole piece: an engine without a clock has said all of it."""
    return data if data.end_time else replace(data, start_time=0.0, end_time=duration)


async def _in_tenths(frame: AudioFrame) -> AsyncGenerator[AudioFrame, None]:
    size = max(frame.sample_rate // 10, 1)
    for start in range(0, frame.samples_per_channel, size):
        yield frame.slice(start, min(start + size, frame.samples_per_channel))
