"""The recordings named on the command line, opened."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing

import anyio

from anyio_stt import AudioFrame
from anyio_stt.audio import AudioReader, PCMFormat, open_audio, open_audio_stream
from anyio_stt.audio.descriptors import read_descriptor

from .errors import CommandError
from .plan import is_address
from .settings import STANDARD_STREAM
from .shown import shown_name
from .web import open_address

__all__ = ("frames_of", "is_live", "open_recording", "told_name")


def open_recording(
    name: str, raw_format: PCMFormat | None
) -> AbstractAsyncContextManager[AudioReader]:
    """
    Open the file, address or standard input called *name*; *raw_format* is that of raw samples.

    Raises:
        CommandError: when standard input is closed.
    """
    if is_address(name):
        return open_address(name, raw_format)
    if name != STANDARD_STREAM:
        return open_audio(name, pcm_format=raw_format)
    if sys.stdin is None:
        raise CommandError("standard input is closed: give a file, or a pipe")
    incoming = read_descriptor(sys.stdin.fileno())
    return open_audio_stream(incoming, pcm_format=raw_format, name="standard input")


def is_live(name: str) -> bool:
    """Tell whether the recording may still be going on while it is read."""
    return is_address(name) or name == STANDARD_STREAM or not os.path.isfile(name)


async def frames_of(
    audio: AudioReader,
    through: Callable[[AudioFrame], AudioFrame],
    *,
    start: float = 0.0,
    realtime: bool = False,
) -> AsyncGenerator[AudioFrame, None]:
    """
    Yield what *through* makes of the frames of *audio*.

    Args:
        start: how many seconds to pass over.
        realtime: whether to give them no faster than they were spoken.
    """
    skip = round(start * audio.sample_rate)
    due = anyio.current_time()
    async with aclosing(_all(aiter(audio))) as frames:
        async for frame in frames:
            passed = min(skip, frame.samples_per_channel)
            skip -= passed
            if passed == frame.samples_per_channel:
                continue
            if realtime:  # a frame exists when its last sample was spoken
                due += frame.duration
                await anyio.sleep_until(due)
            yield through(frame.slice(passed) if passed else frame)


async def _all(frames: AsyncIterator[AudioFrame]) -> AsyncGenerator[AudioFrame, None]:
    async for frame in frames:
        yield frame


def told_name(audio: AudioReader) -> str:
    """Return what *audio* is called, short and safe to show."""
    return shown_name(os.path.basename(audio.name) or audio.name)
