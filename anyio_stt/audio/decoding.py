"""Sound files as frames, read lazily and synchronously; `reading` does it off the event loop."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from .frame import AudioFrame
from .pcm import PCMDecoder, WAVHeader, parse_wav_header

__all__ = ("AudioFileError", "Decoding", "decode_file", "warn_if_cut_off")

_logger = logging.getLogger("anyio_stt")

_HEADER_LIMIT = 1 << 20  # cover art and the like come before the samples
_PIECE = 1 << 16
_FRAME_DURATION = 0.1


class AudioFileError(ValueError):
    """Raised when a file or stream holds no audio we can read; the message names it."""


@dataclass(frozen=True)
class Decoding:
    """An opened sound file."""

    sample_rate: int
    num_channels: int
    duration: float | None
    """Length in seconds, as the file declares it; None when it does not."""
    frames: Iterator[AudioFrame]
    """The audio in frames of a tenth of a second; reads the file as it is iterated."""
    close: Callable[[], None]


def warn_if_cut_off(name: object, seconds: float, declared: float | None) -> None:
    """Log that *name* ended after *seconds* although it declared more."""
    if declared is not None and seconds < declared:
        _logger.warning(
            "%s is cut off: it holds %.3f s of the %.3f s it declares", name, seconds, declared
        )


def decode_file(path: str | os.PathLike[str]) -> Decoding:
    """
    Open the WAV, FLAC, MP3 or Ogg Vorbis file at *path*; its content says which it is.

    Raises:
        OSError: when the file cannot be opened.
        AudioFileError: when it is empty, cut off, or not audio in one of these formats.
        ImportError: when reading it takes a library that is not installed.
    """
    with open(path, "rb") as file:
        beginning = file.read(_HEADER_LIMIT)
    if not beginning:
        raise AudioFileError(f"{path} is empty (0 bytes)")
    kind = _kind(beginning, Path(path).suffix.lower())
    if kind is None:
        raise AudioFileError(
            f"{path} is not audio in a known format: convert it to WAV, FLAC, MP3 or Ogg Vorbis"
        )
    try:
        return _decode_wav(path, beginning) if kind == "wav" else _decode_other(path, kind)
    except EOFError as exc:
        raise AudioFileError(f"{path} is cut off: {exc}; get the file again") from exc


def _kind(beginning: bytes, suffix: str) -> str | None:
    if beginning[:4] == b"RIFF"[: len(beginning)]:
        return "wav"
    if beginning[:4] == b"fLaC":
        return "flac"
    if beginning[:4] == b"OggS":
        return "vorbis"
    synchronised = beginning[0] == 0xFF and len(beginning) > 1 and beginning[1] & 0xE6 == 0xE2
    if beginning[:3] == b"ID3" or synchronised or suffix == ".mp3":
        return "mp3"
    return None


def _decode_wav(path: str | os.PathLike[str], beginning: bytes) -> Decoding:
    try:
        header = parse_wav_header(beginning)
    except ValueError:  # float, mu-law and the like, or extensible headers before Python 3.12
        return _decode_other(path, "wav")
    there = os.path.getsize(path) - header.data_offset
    length = min(header.data_length or there, there)
    if length < header.format.block:
        raise AudioFileError(f"{path} holds no audio: it ends after its header")
    frames = _wav_frames(path, header, length)
    return Decoding(
        header.format.sample_rate,
        header.format.num_channels,
        header.format.seconds(length),
        frames,
        frames.close,
    )


def _wav_frames(path: str | os.PathLike[str], header: WAVHeader, length: int) -> Any:
    decoder = PCMDecoder(header.format, frame_duration=_FRAME_DURATION)
    left = length
    with open(path, "rb") as file:
        file.seek(header.data_offset)
        while left and (data := file.read(min(left, _PIECE))):
            left -= len(data)
            yield from decoder.push(data)
    yield from decoder.flush()
    if header.data_length is not None:
        seconds = header.format.seconds
        warn_if_cut_off(path, seconds(length - left), seconds(header.data_length))


def _decode_other(path: str | os.PathLike[str], kind: str) -> Decoding:
    miniaudio = _import_miniaudio(path)
    try:
        info = getattr(miniaudio, f"{kind}_get_file_info")(os.fspath(path))
    except miniaudio.MiniaudioError as exc:
        raise AudioFileError(_undecodable(path, kind)) from exc
    if not info.sample_rate or not info.nchannels:
        raise AudioFileError(f"{path} holds no audio")
    duration = info.duration if info.num_frames else None  # an encoder fed by a pipe leaves 0
    frames = _checked(path, _miniaudio_frames(miniaudio, path, kind, info), duration)
    return Decoding(info.sample_rate, info.nchannels, duration, frames, frames.close)


def _miniaudio_frames(miniaudio: Any, path: str | os.PathLike[str], kind: str, info: Any) -> Any:
    rate, channels = info.sample_rate, info.nchannels
    size = max(round(rate * _FRAME_DURATION), 1)
    try:
        pieces = miniaudio.stream_file(
            os.fspath(path), nchannels=channels, sample_rate=rate, frames_to_read=size
        )
        with closing(pieces):
            for piece in pieces:
                yield AudioFrame(piece.tobytes(), rate, channels, len(piece) // channels)
    except miniaudio.MiniaudioError as exc:
        raise AudioFileError(_undecodable(path, kind)) from exc


def _checked(path: str | os.PathLike[str], frames: Any, declared: float | None) -> Any:
    """Yield the frames; tell when there are none, or fewer than declared: the library does not."""
    samples, rate = 0, 1
    with closing(frames):
        for frame in frames:
            samples, rate = samples + frame.samples_per_channel, frame.sample_rate
            yield frame
    if not samples:
        raise AudioFileError(f"{path} holds no audio")
    warn_if_cut_off(path, samples / rate, declared)


def _undecodable(path: str | os.PathLike[str], kind: str) -> str:
    hint = "; Ogg has to hold Vorbis, not Opus" if kind == "vorbis" else ""
    return f"{path} looks like {kind.upper()} but cannot be decoded: damaged, or cut off{hint}"


def _import_miniaudio(path: str | os.PathLike[str]) -> Any:
    try:
        return import_module("miniaudio")
    except ImportError as exc:
        raise ImportError(
            f"{path} is not plain PCM WAV, and miniaudio, which reads the rest, is not installed: "
            "pip install 'anyio-stt[files]'",
            name="miniaudio",
        ) from exc
