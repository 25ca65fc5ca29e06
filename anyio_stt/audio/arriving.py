"""Byte streams as frames, while they arrive."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import anyio
from anyio import from_thread, to_thread

from .decoding import decode_arriving, unreadable_wav
from .errors import AudioFileError
from .frame import AudioFrame
from .losses import Losses
from .pcm import PCMDecoder, PCMFormat
from .reader import CLOSE_TIMEOUT, AudioReader, note_lost_source, read_in_thread
from .sources import ArrivingBytes
from .wav import UnknownEncodingError, WAVParser, looks_like_wav

__all__ = ("open_audio_stream",)

_HEADER_LIMIT = 1 << 20


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
    async with read_in_thread(decoding, losses, source) as reader:
        yield reader


async def _closing(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in chunks:
            yield chunk
    finally:
        aclose = getattr(chunks, "aclose", None)
        if aclose is not None:
            with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
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
        note_lost_source(exc, heard, losses)
        return b""
