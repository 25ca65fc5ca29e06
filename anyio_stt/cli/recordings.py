"""The recordings named on the command line, as frames an engine takes."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing

import anyio

from anyio_stt import AudioFrame
from anyio_stt.audio import AudioReader, PCMFormat, mix_down, open_audio, open_audio_stream
from anyio_stt.audio.descriptors import read_descriptor

__all__ = ("STANDARD_INPUT", "mono_frames", "open_recording")

STANDARD_INPUT = "-"
"""The name that means standard input."""


def open_recording(
    name: str, raw_format: PCMFormat | None
) -> AbstractAsyncContextManager[AudioReader]:
    """Open the file called *name*; *raw_format* tells what standard input is, None means WAV."""
    if name != STANDARD_INPUT:
        return open_audio(name)
    return open_audio_stream(
        read_descriptor(sys.stdin.fileno()), pcm_format=raw_format, name="standard input"
    )


async def mono_frames(
    audio: AudioReader, *, realtime: bool = False
) -> AsyncGenerator[AudioFrame, None]:
    """Yield the frames of *audio* mixed down to one channel, at its own pace if *realtime*."""
    due = anyio.current_time()
    async with aclosing(_frames(audio)) as frames:
        async for frame in frames:
            if realtime:  # a frame exists when its last sample was spoken
                due += frame.duration
                await anyio.sleep_until(due)
            yield mix_down(frame)


async def _frames(audio: AudioReader) -> AsyncGenerator[AudioFrame, None]:
    async for frame in audio:
        yield frame
