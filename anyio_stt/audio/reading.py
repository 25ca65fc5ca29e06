"""Sound files and byte streams as frames, read off the event loop."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import islice

import anyio
from anyio import to_thread

from .decoding import AudioFileError, Decoding, decode_file, warn_if_cut_off
from .frame import AudioFrame
from .pcm import PCMDecoder, PCMFormat, WAVHeader, parse_wav_header

__all__ = ("AudioReader", "open_audio", "open_audio_stream")

# One hop into a thread costs as much as decoding some frames, so each fetches a second of audio.
_FRAMES_A_HOP = 10
_HEADER_LIMIT = 1 << 20
# Closing a file is quick, unless its network mount is dead.
_CLOSE_TIMEOUT = 5.0


class AudioReader:
    """
    Audio as an async iterator of frames of about a tenth of a second, in the file's own format.

    Comes from `open_audio` or `open_audio_stream`. Reads as it is iterated and holds about a
    second of audio, however long the file is. Iterate once.
    """

    def __init__(
        self,
        name: str,
        sample_rate: int,
        num_channels: int,
        duration: float | None,
        frames: AsyncIterator[AudioFrame],
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

    def __aiter__(self) -> AsyncIterator[AudioFrame]:
        return self._frames


@asynccontextmanager
async def open_audio(path: str | os.PathLike[str]) -> AsyncGenerator[AudioReader, None]:
    """
    Open the WAV, FLAC, MP3 or Ogg Vorbis file at *path*, for the time of the block.

    WAV of integer samples needs nothing installed; the rest takes `miniaudio`. All reading and
    decoding runs in worker threads; a cancelled reader waits for the read under way.

    Raises:
        OSError: when the file cannot be opened.
        AudioFileError: when it is empty, cut off, or not audio in one of these formats; also
            from the iteration, when the damage is further on.
        ImportError: when reading it takes a library that is not installed.
    """
    decoding = await to_thread.run_sync(decode_file, path)
    try:
        async with aclosing(_frames_in_thread(decoding)) as frames:
            yield AudioReader(
                os.fspath(path),
                decoding.sample_rate,
                decoding.num_channels,
                decoding.duration,
                frames,
            )
    finally:
        with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
            await to_thread.run_sync(decoding.close, abandon_on_cancel=True)


async def _frames_in_thread(decoding: Decoding) -> AsyncGenerator[AudioFrame, None]:
    while frames := await to_thread.run_sync(_next_frames, decoding):
        for frame in frames:
            yield frame


def _next_frames(decoding: Decoding) -> list[AudioFrame]:
    return list(islice(decoding.frames, _FRAMES_A_HOP))


@asynccontextmanager
async def open_audio_stream(
    chunks: AsyncIterable[bytes],
    *,
    pcm_format: PCMFormat | None = None,
    name: str = "audio stream",
) -> AsyncGenerator[AudioReader, None]:
    """
    Read audio from bytes that arrive: a pipe, a socket, a process's output.

    Args:
        chunks: the bytes, in pieces of any size; an anyio byte stream will do. It is closed
            with the block, if it can be.
        pcm_format: what the bytes are, when they are raw samples; None means a WAV file.
        name: what to call the stream in errors.

    Raises:
        AudioFileError: when no WAV header comes, or nothing at all.
    """
    async with aclosing(_closing(chunks)) as incoming:
        length = None
        if pcm_format is None:
            first, header = await _wav_beginning(incoming, name)
            pcm_format, length = header.format, header.data_length
        else:
            first = await _first(incoming, name)
        rate = pcm_format.sample_rate
        duration = None if length is None else pcm_format.seconds(length)
        frames = _frames_of_bytes(first, incoming, pcm_format, length, name)
        async with aclosing(frames):
            yield AudioReader(name, rate, pcm_format.num_channels, duration, frames)


async def _closing(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in chunks:
            yield chunk
    finally:
        aclose = getattr(chunks, "aclose", None)
        if aclose is not None:
            with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
                await aclose()


async def _first(incoming: AsyncIterator[bytes], name: str) -> bytes:
    async for chunk in incoming:
        if chunk:
            return chunk
    raise AudioFileError(f"{name} is empty (0 bytes)")


async def _wav_beginning(incoming: AsyncIterator[bytes], name: str) -> tuple[bytes, WAVHeader]:
    beginning = await _first(incoming, name)
    while (header := _parse(beginning, name)) is None:
        more = await anext(incoming, b"")
        if not more or len(beginning) > _HEADER_LIMIT:
            raise AudioFileError(f"{name} is cut off in its WAV header")
        beginning += more
    return beginning[header.data_offset :], header


def _parse(beginning: bytes, name: str) -> WAVHeader | None:
    try:
        return parse_wav_header(beginning)
    except EOFError:
        return None
    except ValueError as exc:
        raise AudioFileError(
            f"{name} is not WAV of integer samples ({exc}): give the rate of raw samples, or save "
            "it to a file"
        ) from exc


async def _frames_of_bytes(
    data: bytes,
    incoming: AsyncIterator[bytes],
    pcm_format: PCMFormat,
    length: int | None,
    name: str,
) -> AsyncGenerator[AudioFrame, None]:
    decoder = PCMDecoder(pcm_format)
    taken = 0
    while data:
        if length is not None:  # chunks of other kinds may follow the samples
            data = data[: length - taken]
        taken += len(data)
        for frame in decoder.push(data):
            yield frame
        data = b"" if taken == length else await anext(incoming, b"")
    for frame in decoder.flush():
        yield frame
    if length is not None:
        warn_if_cut_off(name, pcm_format.seconds(taken), pcm_format.seconds(length))
