"""The recordings named on the command line, opened."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractAsyncContextManager

from anyio_stt.audio import AudioReader, PCMFormat, open_audio_stream
from anyio_stt.audio.descriptors import read_descriptor
from anyio_stt.batch.opening import is_address, open_place

from .errors import CommandError
from .settings import STANDARD_STREAM

__all__ = ("is_live", "open_recording")


def open_recording(
    name: str, raw_format: PCMFormat | None
) -> AbstractAsyncContextManager[AudioReader]:
    """
    Open the file, address or standard input called *name*; *raw_format* is that of raw samples.

    Raises:
        CommandError: when standard input is closed.
    """
    if name != STANDARD_STREAM:
        return open_place(name, raw_format)
    if sys.stdin is None:
        raise CommandError("standard input is closed: give a file, or a pipe")
    incoming = read_descriptor(sys.stdin.fileno())
    return open_audio_stream(incoming, pcm_format=raw_format, name="standard input")


def is_live(name: str) -> bool:
    """Tell whether the recording may still be going on while it is read."""
    return is_address(name) or name == STANDARD_STREAM or not os.path.isfile(name)
