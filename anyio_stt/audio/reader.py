"""Audio as it is read: an async iterator, and the thread that decodes for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import islice

import anyio
from anyio import to_thread

from .errors import Decoding
from .frame import AudioFrame
from .losses import Losses
from .sources import ArrivingBytes

__all__ = ("CLOSE_TIMEOUT", "AudioReader", "note_lost_source", "read_in_thread")

# One hop into a thread costs as much as decoding some frames, so each fetches a second of audio.
_FRAMES_A_HOP = 10
CLOSE_TIMEOUT = 5.0
"""Closing a file is quick, unless its network mount is dead."""


class AudioReader:
    """
    Audio as an async iterator of frames of about a tenth of a second, in one format.

    Made by `open_audio` or `open_audio_stream`. It reads while it is iterated, once, and holds
    about a second of audio, however long the recording is. If a recording changes its rate or
    channels, it is converted to those it began with.
    """

    def __init__(
        self,
        name: str,
        sample_rate: int,
        num_channels: int,
        duration: float | None,
        frames: AsyncIterator[AudioFrame],
        losses: Losses,
    ) -> None:
        self.name = name
        """The file's path, or what the stream was called."""
        self.sample_rate = sample_rate
        """Samples a second, for each channel."""
        self.num_channels = num_channels
        """How many channels the frames have."""
        self.duration = duration
        """Length in seconds as the file declares it, or None when nobody knows."""
        self._frames = frames
        self._losses = losses

    @property
    def lost(self) -> tuple[tuple[float, float], ...]:
        """
        The seconds that could not be read, known once the iteration is over.

        A damaged part in the middle is replaced by silence. A part that is cut off is missing; if
        its length is unknown, its end equals its start. Each is logged.
        """
        return tuple(self._losses.ranges)

    def __aiter__(self) -> AsyncIterator[AudioFrame]:
        return self._frames


@asynccontextmanager
async def read_in_thread(
    decoding: Decoding, losses: Losses, source: ArrivingBytes | None = None
) -> AsyncGenerator[AudioReader, None]:
    """Give *decoding* as a reader; *source* is where its bytes come from if they still arrive."""
    try:
        async with aclosing(_frames_in_thread(decoding, losses, source)) as frames:
            yield AudioReader(
                losses.name,
                decoding.sample_rate,
                decoding.num_channels,
                decoding.duration,
                frames,
                losses,
            )
    finally:
        with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
            await to_thread.run_sync(decoding.close, abandon_on_cancel=True)


async def _frames_in_thread(
    decoding: Decoding, losses: Losses, source: ArrivingBytes | None
) -> AsyncGenerator[AudioFrame, None]:
    # A thread that waits for what arrives is nobody else's to wait for.
    limiter = None if source is None else anyio.CapacityLimiter(1)
    count = _FRAMES_A_HOP if source is None else 1
    heard = 0.0
    while frames := await to_thread.run_sync(_next_frames, decoding, count, limiter=limiter):
        for frame in frames:
            heard += frame.duration
            yield frame
    if source is not None and source.error is not None:
        note_lost_source(source.error, heard, losses)


def _next_frames(decoding: Decoding, count: int) -> list[AudioFrame]:
    return list(islice(decoding.frames, count))


def note_lost_source(error: BaseException, heard: float, losses: Losses) -> None:
    """Note that nothing came after *heard* seconds because of *error*; a cancellation is raised."""
    if not isinstance(error, Exception):  # a cancellation, or the end of the program
        raise error
    losses.add(heard, heard, f"is cut off after {heard:.3f} s: {error or type(error).__name__}")
