"""Sound files as frames, read off the event loop."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from anyio import to_thread

from .arriving import open_audio_stream
from .decoding import decode_file
from .descriptors import open_once, read_descriptor
from .errors import Decoding
from .losses import Losses
from .pcm import PCMFormat
from .reader import AudioReader, read_in_thread

__all__ = ("open_audio",)


@asynccontextmanager
async def open_audio(
    path: str | os.PathLike[str], *, pcm_format: PCMFormat | None = None
) -> AsyncGenerator[AudioReader, None]:
    """
    Open the recording at *path*, for the time of the block; its content says of which kind it is.

    WAV needs nothing installed; MP3, FLAC, Ogg, Opus, AAC, MP4, WebM, AIFF and the rest take
    PyAV. All reading and decoding runs in worker threads; a cancelled reader waits for the read
    under way. A pipe, `<(command)` or /dev/stdin for one, is read as `open_audio_stream` does.

    Args:
        path: the file.
        pcm_format: what the file holds, when it is raw samples.

    Raises:
        OSError: when the file cannot be opened.
        AudioFileError: when it is empty, or no audio that can be read.
        ImportError: when reading it takes a library that is not installed.
    """
    name = os.fspath(path)
    losses = Losses(name)
    opened = await to_thread.run_sync(_open, path, losses, pcm_format)
    if isinstance(opened, int):
        try:
            async with open_audio_stream(
                read_descriptor(opened), pcm_format=pcm_format, name=name
            ) as reader:
                yield reader
        finally:
            os.close(opened)
        return
    async with read_in_thread(opened, losses) as reader:
        yield reader


def _open(
    path: str | os.PathLike[str], losses: Losses, pcm_format: PCMFormat | None
) -> Decoding | int:
    file = open_once(path)
    return file if isinstance(file, int) else decode_file(file, losses.name, losses, pcm_format)
