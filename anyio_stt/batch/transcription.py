"""One recording through one engine: events out, progress told."""

from __future__ import annotations

import math
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager, suppress
from dataclasses import replace

import anyio
import numpy as np

from .._util.failures import sole_error
from ..audio.frame import AudioFrame
from ..audio.reader import AudioReader
from ..events import SpeechData, SpeechEvent, SpeechEventType
from ..exceptions import AudioLostError
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from ..stream import RecognizeStream
from ..stt import STT
from .channels import Channels
from .follower import Follower
from .opening import frames_of, told_name
from .pieces import Piece, PieceCutter, in_tenths
from .stitching import Said, Stitcher

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

__all__ = ("LOST", "Transcription", "overlap_of")

LOST = 0.01
"""Seconds; less is rounding."""

_REFRESH_INTERVAL = 0.1
_GUESSES = (SpeechEventType.INTERIM_TRANSCRIPT, SpeechEventType.PREFLIGHT_TRANSCRIPT)
# Of a recording cut in pieces. Shorter ones cost words at their ends, longer ones leave a core
# without work at the end of the recording.
_PIECE = (40.0, 80.0)
_OVERLAP = (4.0, 2.0)
# For engines of whole recordings: what most of them were trained on.
_REQUEST = (15.0, 28.0)
_SILENT = 16  # of 32768: nobody speaks, and some engines make words up


class Transcription:
    """
    Feeds a recording to an engine and passes on what it says, on the recording's clock.

    Args:
        stt: the engine; one that cannot stream is given pieces, cut where it is quiet.
        follower: is told every event, in order, and how far it is.
        language: what is spoken, or None.
        channels: "mix", "each", or the number of the one that is heard, from 1.
        jobs: how many pieces of the recording are recognised at once; 1 leaves it whole.
        realtime: whether to give the audio no faster than it was spoken.
        until: where to stop, in seconds; None is the end.
        conn_options: retries, deadlines and bounds.
    """

    def __init__(
        self,
        stt: STT,
        follower: Follower,
        *,
        language: str | None = None,
        channels: str = "mix",
        jobs: int = 1,
        realtime: bool = False,
        until: float | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> None:
        self._stt = stt
        self._follower = follower
        self._language = language
        self._wanted = channels
        self._jobs = jobs
        self._realtime = realtime
        self._until = math.inf if until is None else until
        self._options = conn_options
        self._begun = anyio.current_time()
        self._start = 0.0
        self._heard = 0.0
        self.given: float = 0.0
        """Seconds that the engine was given."""
        self.lost: float = 0.0
        """Those of them that it could not answer for."""
        self.lost_ranges: list[tuple[float, float]] = []
        """Where they are, as far as that is known."""
        self.unread: list[tuple[float, float]] = []
        """What of the recording could not be read."""

    async def run(self, opened: AbstractAsyncContextManager[AudioReader]) -> bool:
        """
        Transcribe what is *opened* to its end, and return whether nothing of it was lost.

        Raises:
            AudioFileError: when it has no such channel.
            Exception: what the engine or the recording failed with, as itself.
        """
        async with opened as audio:
            wanted = Channels(
                self._wanted, audio.num_channels, self._follower.note, told_name(audio.name)
            )
            self._stt = wanted.engine(self._stt)
            self._start = self._follower.opened(audio, audio.num_channels if wanted.each else 1)
            reading = frames_of(
                audio, wanted.of, start=self._start, until=self._until, realtime=self._realtime
            )
            async with aclosing(reading) as frames:
                await self._hear(frames)
            # What could not be read was told as it was met.
            self.unread += audio.lost
        return not self.unread and self.lost <= LOST

    async def _hear(self, frames: AsyncIterator[AudioFrame]) -> None:
        if self._stt.capabilities.streaming and self._jobs == 1:
            await self._stream(frames, self._start, self._follower.event)
            return
        with _alone():
            await self._in_pieces(frames)

    async def _stream(
        self,
        frames: AsyncIterator[AudioFrame],
        start: float,
        tell: Callable[[SpeechEvent], None],
    ) -> None:
        """Have *frames* heard, which begin at *start*; what of them is lost is noted."""
        stream = self._stt.stream(language=self._language, conn_options=self._options)
        try:
            with suppress(AudioLostError):
                async with stream:
                    await self._iterate(stream, frames, start, tell)
        finally:
            end = stream.statistics()
            self.given += end.pushed
            self.lost += end.dropped
            # Also of a stream that is cancelled or fails: what it says later is no excuse.
            lost = stream._core_lost  # noqa: SLF001
            self.lost_ranges += [(start + first, start + last) for first, last in lost]

    async def _iterate(
        self,
        stream: RecognizeStream,
        frames: AsyncIterator[AudioFrame],
        start: float,
        tell: Callable[[SpeechEvent], None],
    ) -> None:
        if not (self._follower.watches and self._jobs == 1):
            async for event in stream.transcribe(frames):
                tell(event.shifted(start))
            return
        with _alone():
            async with anyio.create_task_group() as tg:
                tg.start_soon(self._show_progress, stream)
                async for event in stream.transcribe(frames):
                    tell(event.shifted(start))
                tg.cancel_scope.cancel()

    async def _show_progress(self, stream: RecognizeStream) -> None:
        while True:
            now = stream.statistics()
            elapsed = anyio.current_time() - self._begun
            self._follower.advance(self._start + now.delivered, elapsed, lag=now.pending)
            await anyio.sleep(_REFRESH_INTERVAL)

    async def _in_pieces(self, frames: AsyncIterator[AudioFrame]) -> None:
        """Cut the audio where it is quiet, and recognise as many pieces at once as there may be."""
        lead, trail = overlap_of(self._stt)
        shortest, longest = _PIECE if self._stt.capabilities.streaming else self._request()
        cutter = PieceCutter(
            shortest=shortest, longest=longest, lead=lead, trail=trail, start=self._start
        )
        stitcher = Stitcher(self._follower.event, lead=lead, trail=trail)
        # Each holder of a place holds a piece: the reader waits rather than read on.
        places = anyio.Semaphore(self._jobs)
        async with anyio.create_task_group() as tg:

            async def begin(piece: Piece) -> None:
                await places.acquire()
                said = stitcher.piece(piece.first, piece.last)
                tg.start_soon(self._piece, piece, said, stitcher, places)

            async for frame in frames:
                piece = cutter.push(frame)
                if piece is not None:
                    await begin(piece)
            for piece in cutter.flush():
                await begin(piece)

    def _request(self) -> tuple[float, float]:
        """Return the fewest and the most seconds of what a batch engine is given at once."""
        longest = min(_REQUEST[1], self._stt.capabilities.max_utterance or _REQUEST[1])
        return min(_REQUEST[0], longest / 2), longest

    async def _piece(
        self, piece: Piece, said: Said, stitcher: Stitcher, places: anyio.Semaphore
    ) -> None:
        def tell(event: SpeechEvent) -> None:
            if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                said.finals.append(event)
                stitcher.advance()
            elif event.type in _GUESSES and stitcher.is_next(said):
                self._follower.event(event)

        if self._stt.capabilities.streaming:
            async with aclosing(in_tenths(piece.frame)) as frames:
                await self._stream(frames, piece.start, tell)
        else:
            await self._recognize(piece, tell)
        said.done = True
        stitcher.advance()
        places.release()
        self._heard += min(piece.last, piece.start + piece.frame.duration) - piece.first
        elapsed = anyio.current_time() - self._begun
        self._follower.advance(self._start + self._heard, elapsed)

    async def _recognize(self, piece: Piece, tell: Callable[[SpeechEvent], None]) -> None:
        self.given += piece.frame.duration
        if np.max(np.abs(piece.frame.to_array().astype("i4")), initial=0) <= _SILENT:
            return
        try:
            event = await self._stt.recognize(
                [piece.frame], language=self._language, conn_options=self._options
            )
        except BaseException:
            self.lost += piece.frame.duration
            raise
        duration = piece.frame.duration
        timed = [_with_times(data, duration) for data in event.alternatives]
        tell(replace(event, alternatives=timed).shifted(piece.start))


def overlap_of(stt: STT) -> tuple[float, float]:
    """
    Return how many seconds before and behind itself a piece is to hear.

    It takes a clock to tell what of it is whose.
    """
    can = stt.capabilities
    return _OVERLAP if can.streaming and can.aligned_transcript else (0.0, 0.0)


@contextmanager
def _alone() -> Iterator[None]:
    """Raise the error that matters in place of a task group's; a cancellation stays as it is."""
    try:
        yield
    except BaseExceptionGroup as group:
        error = sole_error(group)
        if isinstance(error, anyio.get_cancelled_exc_class()):
            raise
        raise error from error.__cause__


def _with_times(data: SpeechData, duration: float) -> SpeechData:
    """Return *data* of a whole piece: an engine without a clock has said all of it."""
    return data if data.end_time else replace(data, start_time=0.0, end_time=duration)
