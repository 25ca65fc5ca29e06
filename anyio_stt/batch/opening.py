"""Recordings wherever they are, opened as frames."""

from __future__ import annotations

import math
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import replace

import anyio

from ..audio.errors import AudioFileError
from ..audio.frame import AudioFrame
from ..audio.losses import Losses
from ..audio.pauses import each_frame
from ..audio.pcm import PCMFormat
from ..audio.reader import AudioReader
from ..audio.reading import open_audio
from ..transcription import checked_source
from .results import Recording
from .stores import is_stored, open_stored
from .web import open_address

__all__ = (
    "frames_of",
    "is_address",
    "name_of",
    "open_place",
    "open_recording",
    "told_name",
    "with_whole_path",
)


def is_address(name: str) -> bool:
    """Tell whether *name* is one of the web."""
    return name.lower().startswith(("http://", "https://"))


def name_of(recording: Recording) -> str:
    """Return what *recording* is called."""
    if recording.name is not None:
        return recording.name
    source = recording.source
    return os.fsdecode(source) if isinstance(source, (str, os.PathLike)) else "audio"


def told_name(name: str) -> str:
    """Return the last part of a path or an address."""
    return os.path.basename(name.rstrip("/")) or name


def with_whole_path(recording: Recording) -> Recording:
    """Return *recording*, to be found in another working folder too."""
    source = recording.source
    if not isinstance(source, (str, os.PathLike)) or (
        isinstance(source, str) and (is_address(source) or is_stored(source))
    ):
        return recording
    return replace(recording, source=os.path.abspath(source))


def open_place(
    place: str | os.PathLike[str], pcm_format: PCMFormat | None = None
) -> AbstractAsyncContextManager[AudioReader]:
    """Open the file or the address *place*; what is raised says what to do."""
    if isinstance(place, str) and is_address(place):
        return open_address(place, pcm_format)
    if isinstance(place, str) and is_stored(place):
        return open_stored(place, pcm_format)
    return open_audio(place, pcm_format=pcm_format)


def open_recording(recording: Recording) -> AbstractAsyncContextManager[AudioReader]:
    """
    Open *recording* for the time of the block.

    Raises:
        OSError: when its file cannot be opened.
        AudioFileError: when it is no audio, or none at all.
        ValueError: for an array or bytes without a rate.
        TypeError: for what is no audio.
    """
    source = checked_source(recording.source, recording.sample_rate, recording.num_channels)
    if isinstance(source, (str, os.PathLike)):
        return open_place(source, recording.pcm_format)
    return _open_frames(each_frame(source), name_of(recording))


@asynccontextmanager
async def _open_frames(
    frames: AsyncGenerator[AudioFrame, None], name: str
) -> AsyncGenerator[AudioReader, None]:
    async with aclosing(frames):
        first = await anext(frames, None)
        if first is None:
            raise AudioFileError(f"{name} holds no audio: there is no frame")
        async with aclosing(_chained(first, frames)) as heard:
            rate, channels = first.sample_rate, first.num_channels
            yield AudioReader(name, rate, channels, None, heard, Losses(name))


async def _chained(
    first: AudioFrame, rest: AsyncIterator[AudioFrame]
) -> AsyncGenerator[AudioFrame, None]:
    yield first
    async for frame in rest:
        yield frame


async def frames_of(
    audio: AudioReader,
    through: Callable[[AudioFrame], AudioFrame],
    *,
    start: float = 0.0,
    until: float = math.inf,
    realtime: bool = False,
) -> AsyncGenerator[AudioFrame, None]:
    """
    Yield what *through* makes of the frames of *audio*.

    Args:
        start: how many seconds to pass over.
        until: where to stop, in seconds of the recording.
        realtime: whether to give them no faster than they were spoken.
    """
    first = round(start * audio.sample_rate)
    last = math.inf if math.isinf(until) else round(until * audio.sample_rate)
    at = 0
    due = anyio.current_time()
    async with aclosing(each_frame(audio)) as frames:
        async for frame in frames:
            begin, at = at, at + frame.samples_per_channel
            if at <= first:
                continue
            if begin >= last:
                return
            if realtime:  # a frame exists when its last sample was spoken
                due += frame.duration
                await anyio.sleep_until(due)
            whole = begin >= first and at <= last
            yield through(
                frame if whole else frame.slice(max(first - begin, 0), int(min(at, last)) - begin)
            )
