"""Sound files and byte streams as frames, read off the event loop."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from itertools import islice

import anyio
from anyio import from_thread, to_thread

from .decoding import decode_arriving, decode_file, unreadable_wav
from .descriptors import open_once, read_descriptor
from .errors import AudioFileError, Decoding
from .frame import AudioFrame
from .losses import Losses
from .pcm import PCMDecoder, PCMFormat
from .sources import ArrivingBytes
from .wav import UnknownEncodingError, WAVParser, looks_like_wav

__all__ = ("AudioReader", "open_audio", "open_audio_stream")

# One hop into a thread costs as much as decoding some frames, so each fetches a second of audio.
_FRAMES_A_HOP = 10
_HEADER_LIMIT = 1 << 20
# Closing a file is quick, unless its network mount is dead.
_CLOSE_TIMEOUT = 5.0


class AudioReader:
    """
    Audio as an async iterator of frames of about a tenth of a second, in one format.

    Comes from `open_audio` or `open_audio_stream`. Reads as it is iterated and holds about a
    second of audio, however long the recording is. Iterate once. A recording that changes its
    rate or channels on the way comes in those it began with, at its right speed.
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
        Which seconds could not be read, known once the iteration is over.

        What is damaged in the middle came as silence; what is cut off did not come, and its
        end is where it began where nobody knows how much there was. Each place was logged.
        """
        return tuple(self._losses.ranges)

    def __aiter__(self) -> AsyncIterator[AudioFrame]:
        return self._frames


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
    async with _reading(opened, losses) as reader:
        yield reader


def _open(
    path: str | os.PathLike[str], losses: Losses, pcm_format: PCMFormat | None
) -> Decoding | int:
    file = open_once(path)
    return file if isinstance(file, int) else decode_file(file, losses.name, losses, pcm_format)


@asynccontextmanager
async def _reading(
    decoding: Decoding, losses: Losses, source: ArrivingBytes | None = None
) -> AsyncGenerator[AudioReader, None]:
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
        with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
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
        _note_lost_source(source.error, heard, losses)


def _next_frames(decoding: Decoding, count: int) -> list[AudioFrame]:
    return list(islice(decoding.frames, count))


def _note_lost_source(error: BaseException, heard: float, losses: Losses) -> None:
    if not isinstance(error, Exception):  # a cancellation, or the end of the program
        raise error
    losses.add(heard, heard, f"is cut off after {heard:.3f} s: {error or type(error).__name__}")


@asynccontextmanager
async def open_audio_stream(
    chunks: AsyncIterable[bytes],
    *,
    pcm_format: PCMFormat | None = None,
    name: str = "audio stream",
) -> AsyncGenerator[AudioReader, None]:
    """
    Read audio from bytes that arrive: a pipe, a socket, a process's output, a download.

    Frames come while the bytes still arrive. A recording that has its index at its end (an MP4
    may) is kept on the disk until that is there. What is not WAV or raw takes PyAV, and reads
    the chunks in tasks of other scopes: their iterator must not hold a cancel scope open.

    Args:
        chunks: the bytes, in pieces of any size; an anyio byte stream will do. It is closed
            with the block, if it can be.
        pcm_format: what the bytes are, when they are raw samples.
        name: what to call the stream in errors.

    Raises:
        AudioFileError: when it is no audio that can be read, or nothing at all.
        ImportError: when reading it takes a library that is not installed.
    """
    losses = Losses(name)
    async with AsyncExitStack() as stack:
        incoming = await stack.enter_async_context(aclosing(_closing(chunks)))
        beginning = await _beginning(incoming, name)
        parser = WAVParser()
        if pcm_format is None and looks_like_wav(beginning):
            pcm_format, beginning = await _wav_format(beginning, incoming, parser, name)
        elif pcm_format is None and b"RIFF".startswith(beginning[:4]) and len(beginning) < 12:
            raise AudioFileError(f"{name} is cut off in its WAV header")
        if pcm_format is None:
            yield await stack.enter_async_context(_media(beginning, incoming, losses))
            return
        duration = None if parser.declared is None else pcm_format.seconds(parser.declared)
        frames = _frames_of_bytes(beginning, incoming, pcm_format, parser, losses)
        await stack.enter_async_context(aclosing(frames))
        rate, channels = pcm_format.sample_rate, pcm_format.num_channels
        yield AudioReader(name, rate, channels, duration, frames, losses)


@asynccontextmanager
async def _media(
    beginning: bytes, incoming: AsyncGenerator[bytes, None], losses: Losses
) -> AsyncGenerator[AudioReader, None]:
    async def next_chunk() -> bytes:
        async for chunk in incoming:
            if chunk:
                return chunk
        return b""

    source = ArrivingBytes(lambda: from_thread.run(next_chunk), beginning)
    limiter = anyio.CapacityLimiter(1)
    try:
        decoding = await to_thread.run_sync(
            decode_arriving, source, losses.name, losses, limiter=limiter
        )
    except AudioFileError:
        if source.error is not None:
            raise source.error from None
        raise
    async with _reading(decoding, losses, source) as reader:
        yield reader


async def _closing(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in chunks:
            yield chunk
    finally:
        aclose = getattr(chunks, "aclose", None)
        if aclose is not None:
            with anyio.move_on_after(_CLOSE_TIMEOUT, shield=True):
                await aclose()


async def _beginning(incoming: AsyncIterator[bytes], name: str) -> bytes:
    """Return the first bytes, as many as it takes to tell what they are."""
    beginning = b""
    async for chunk in incoming:
        beginning += chunk
        if len(beginning) >= 12:
            break
    if not beginning:
        raise AudioFileError(f"{name} is empty (0 bytes)")
    return beginning


async def _wav_format(
    beginning: bytes, incoming: AsyncIterator[bytes], parser: WAVParser, name: str
) -> tuple[PCMFormat | None, bytes]:
    """Return the format and the first samples, or None and all bytes for others to decode."""
    seen, data = beginning, beginning
    try:
        while True:
            samples = parser.push(data)
            if parser.in_samples:
                return parser.format, samples
            data = await anext(incoming, b"")
            if not data:
                raise AudioFileError(f"{name} is cut off in its WAV header")
            seen = seen + data if len(seen) < _HEADER_LIMIT else b""
    except UnknownEncodingError as exc:
        if not seen:
            raise unreadable_wav(name, exc) from exc
        return None, seen
    except AudioFileError:
        raise
    except ValueError as exc:
        raise unreadable_wav(name, exc) from exc


async def _frames_of_bytes(
    data: bytes,
    incoming: AsyncIterator[bytes],
    pcm_format: PCMFormat,
    parser: WAVParser,
    losses: Losses,
) -> AsyncGenerator[AudioFrame, None]:
    decoder = PCMDecoder(pcm_format)
    taken = len(data)
    while True:
        for frame in decoder.push(data):
            yield frame
        data = b"" if parser.ended else await _next(incoming, pcm_format.seconds(taken), losses)
        if not data:
            break
        data = parser.push(data) if parser.in_samples else data
        taken += len(data)
    for frame in decoder.flush():
        yield frame
    if taken < pcm_format.block:
        raise AudioFileError(f"{losses.name} holds no audio: it ends after its header")
    if parser.declared is not None:
        losses.cut_off(pcm_format.seconds(taken), pcm_format.seconds(parser.declared))


async def _next(incoming: AsyncIterator[bytes], heard: float, losses: Losses) -> bytes:
    try:
        return await anext(incoming, b"")
    except Exception as exc:  # noqa: BLE001 - whatever the source is: what came was heard
        _note_lost_source(exc, heard, losses)
        return b""
