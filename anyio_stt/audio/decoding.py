"""Sound files as frames, read lazily and synchronously; `reading` does it off the event loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from .errors import AudioFileError, Decoding
from .frame import AudioFrame
from .losses import Losses
from .media import decode_media
from .pcm import PCMDecoder, PCMFormat
from .sources import ArrivingBytes, spooled
from .wav import UnknownEncodingError, WAVParser, looks_like_wav

__all__ = ("decode_arriving", "decode_file", "unreadable_wav")

_PIECE = 1 << 16
_HEADER_PIECE = 1 << 12


def decode_file(
    file: IO[bytes], name: str, losses: Losses, pcm_format: PCMFormat | None
) -> Decoding:
    """
    Open the recording in *file*, which is closed with it; its content says of which kind it is.

    Raises:
        AudioFileError: when it is empty, cut off, or no recording of a known kind.
        ImportError: when reading it takes a library that is not installed.
    """
    try:
        decoding = _decode(file, name, losses, pcm_format)
    except BaseException:
        file.close()
        raise

    def close() -> None:
        decoding.close()
        file.close()

    return Decoding(
        decoding.sample_rate, decoding.num_channels, decoding.duration, decoding.frames, close
    )


def _decode(file: IO[bytes], name: str, losses: Losses, pcm_format: PCMFormat | None) -> Decoding:
    beginning = file.read(12)
    if not beginning:
        raise AudioFileError(f"{name} is empty (0 bytes)")
    file.seek(0)
    if pcm_format is not None:
        return _samples_of_file(file, name, losses, pcm_format, None)
    if b"RIFF".startswith(beginning[:4]) and len(beginning) < 12:
        raise AudioFileError(f"{name} is cut off in its WAV header")
    if looks_like_wav(beginning):
        parser = _parsed(file, name)
        if parser is not None and parser.format is not None:
            file.seek(parser.data_offset)
            return _samples_of_file(file, name, losses, parser.format, parser)
        file.seek(0)
    return decode_media(file, name, losses, live=False)


def _parsed(file: IO[bytes], name: str) -> WAVParser | None:
    """Return the header, or None when it tells of samples that others have to decode."""
    parser = WAVParser()
    try:
        while not parser.in_samples:
            data = file.read(_HEADER_PIECE)
            if not data:
                raise AudioFileError(f"{name} is cut off in its WAV header")
            parser.push(data)
    except UnknownEncodingError:
        return None
    except AudioFileError:
        raise
    except ValueError as exc:
        raise unreadable_wav(name, exc) from exc
    return parser


def unreadable_wav(name: str, reason: Exception) -> AudioFileError:
    """Return the error for a WAV file whose header is none that can be followed."""
    return AudioFileError(
        f"{name} looks like WAV but cannot be read: {reason}; convert it with a program that "
        "knows where it comes from"
    )


def _samples_of_file(
    file: IO[bytes], name: str, losses: Losses, pcm: PCMFormat, parser: WAVParser | None
) -> Decoding:
    offset = file.tell()
    there = file.seek(0, 2) - offset
    file.seek(offset)
    declared = parser.declared if parser is not None else None
    length = there if declared is None else min(declared, there)
    if parser is not None:
        length = min(length, parser.limit)
    if length < pcm.block:
        raise AudioFileError(f"{name} holds no audio: it ends after its header")
    frames = _pcm_frames(file, pcm, length)
    if declared is not None:
        frames = _told_if_cut_off(frames, losses, pcm.seconds(declared))
    return Decoding(pcm.sample_rate, pcm.num_channels, pcm.seconds(length), frames, frames.close)


def _pcm_frames(file: IO[bytes], pcm: PCMFormat, length: int) -> Any:
    decoder = PCMDecoder(pcm)
    left = length
    while left and (data := file.read(min(left, _PIECE))):
        left -= len(data)
        yield from decoder.push(data)
    yield from decoder.flush()


def _told_if_cut_off(frames: Iterator[AudioFrame], losses: Losses, declared: float) -> Any:
    samples, rate = 0, 1
    for frame in frames:
        samples, rate = samples + frame.samples_per_channel, frame.sample_rate
        yield frame
    losses.cut_off(samples / rate, declared)


def decode_arriving(source: ArrivingBytes, name: str, losses: Losses) -> Decoding:
    """
    Open a recording whose bytes arrive, any but plain WAV.

    One that has its index at its end is kept on the disk until that is there.

    Raises:
        AudioFileError: when it is no recording of a known kind, or too long to be kept.
        ImportError: when reading it takes a library that is not installed.
    """
    if not _must_be_sought_in(source):
        return decode_media(source, name, losses, live=True)
    try:
        file = spooled(source, name)
    except ValueError as exc:
        raise AudioFileError(str(exc)) from exc
    return decode_file(file, name, losses, None)


def _must_be_sought_in(source: ArrivingBytes) -> bool:
    beginning = source.peek(12)
    if beginning[:4] == b"caff":
        return True
    return beginning[4:8] in (b"ftyp", b"wide", b"mdat", b"free", b"skip") and not (
        _index_comes_first(source)
    )


def _index_comes_first(source: ArrivingBytes) -> bool:
    """Tell whether the boxes of an MP4 are in the order in which they can be read as they come."""
    at = 0
    while at < _PIECE:
        box = source.peek(at + 16)[at:]
        size = int.from_bytes(box[:4], "big")
        if box[4:8] in (b"moov", b"moof"):
            return True
        if box[4:8] == b"mdat" or size < 8:
            return False
        at += size
    return False
