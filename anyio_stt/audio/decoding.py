"""Sound files as frames, read lazily and synchronously; `reading` does it off the event loop."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from .frame import AudioFrame
from .pcm import PCMDecoder, WAVHeader, parse_wav_header

__all__ = ("AudioFileError", "Decoding", "decode_file")

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
    duration = length // header.format.block / header.format.sample_rate
    frames = _wav_frames(path, header, length)
    return Decoding(
        header.format.sample_rate, header.format.num_channels, duration, frames, frames.close
    )


def _wav_frames(path: str | os.PathLike[str], header: WAVHeader, length: int) -> Any:
    decoder = PCMDecoder(header.format, frame_duration=_FRAME_DURATION)
    with open(path, "rb") as file:
        file.seek(header.data_offset)
        while length and (data := file.read(min(length, _PIECE))):
            length -= len(data)
            yield from decoder.push(data)
    yield from decoder.flush()


def _decode_other(path: str | os.PathLike[str], kind: str) -> Decoding:
    miniaudio = _import_miniaudio(path)
    try:
        info = getattr(miniaudio, f"{kind}_get_file_info")(os.fspath(path))
    except miniaudio.MiniaudioError as exc:
        raise AudioFileError(_undecodable(path, kind)) from exc
    if not info.num_frames or not info.sample_rate or not info.nchannels:
        raise AudioFileError(f"{path} holds no audio")
    frames = _miniaudio_frames(miniaudio, path, kind, info.sample_rate, info.nchannels)
    return Decoding(info.sample_rate, info.nchannels, info.duration, frames, frames.close)


def _miniaudio_frames(
    miniaudio: Any, path: str | os.PathLike[str], kind: str, sample_rate: int, num_channels: int
) -> Any:
    size = max(round(sample_rate * _FRAME_DURATION), 1)
    try:
        pieces = miniaudio.stream_file(
            os.fspath(path), nchannels=num_channels, sample_rate=sample_rate, frames_to_read=size
        )
        with closing(pieces):
            for piece in pieces:
                count = len(piece) // num_channels
                yield AudioFrame(piece.tobytes(), sample_rate, num_channels, count)
    except miniaudio.MiniaudioError as exc:
        raise AudioFileError(_undecodable(path, kind)) from exc


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
