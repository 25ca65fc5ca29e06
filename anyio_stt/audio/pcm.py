"""Raw samples, and the header that a WAV file puts before them."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .frame import AudioFrame

__all__ = ("PCMDecoder", "PCMFormat", "WAVHeader", "parse_wav_header")

# Programs that write to a pipe cannot know the length and fill in nothing, or nearly the most.
_UNKNOWN_LENGTH = range(0x7FFF0000, 0x1_0000_0000)


@dataclass(frozen=True)
class PCMFormat:
    """
    How raw samples are laid out: little-endian integers, channels interleaved.

    Args:
        sample_rate: samples a second, for each channel.
        num_channels: how many channels are interleaved.
        sample_width: bytes of one sample, 1 (unsigned, as in WAV) to 4.

    Raises:
        ValueError: for numbers no audio can have.
    """

    sample_rate: int
    num_channels: int
    sample_width: int = 2

    def __post_init__(self) -> None:
        if self.sample_rate <= 0 or self.num_channels <= 0 or self.sample_width not in range(1, 5):
            raise ValueError(
                f"PCM needs a positive sample_rate and num_channels and a sample_width of 1 to 4 "
                f"bytes, got {self.sample_rate!r}, {self.num_channels!r}, {self.sample_width!r}"
            )

    @property
    def block(self) -> int:
        """Bytes of one sample of all channels."""
        return self.num_channels * self.sample_width

    def seconds(self, length: int) -> float:
        """Return how long *length* bytes take to play."""
        return length // self.block / self.sample_rate


@dataclass(frozen=True)
class WAVHeader:
    """What a WAV header says."""

    format: PCMFormat
    data_offset: int
    """Where in the file the samples begin, in bytes."""
    data_length: int | None
    """Bytes of samples, or None when the writer did not know."""


def parse_wav_header(beginning: bytes) -> WAVHeader:
    """
    Read the header at the beginning of a WAV file of integer samples.

    Raises:
        EOFError: when *beginning* ends before the header does.
        ValueError: when it is no WAV header, or one of samples that are not integers.
    """
    if not b"RIFF".startswith(beginning[:4]) or not b"WAVE".startswith(beginning[8:12]):
        raise ValueError("it does not begin like a WAV file")
    if len(beginning) < 12:
        raise EOFError("the WAV header is cut off")
    # The file's own length is often wrong, and `wave` would read no further than that.
    file = io.BytesIO(beginning[:4] + b"\xff" * 4 + beginning[8:])
    try:
        with wave.open(file) as reader:
            parameters = reader.getparams()
    except wave.Error as exc:
        if "missing" in str(exc):  # it was looking for a chunk and came to the end
            raise EOFError("the WAV header is cut off") from exc
        raise ValueError(str(exc)) from exc
    except EOFError as exc:
        raise EOFError("the WAV header is cut off") from exc
    format_ = PCMFormat(parameters.framerate, parameters.nchannels, parameters.sampwidth)
    offset = file.tell()
    length = int.from_bytes(beginning[offset - 4 : offset], "little")
    known = length and length not in _UNKNOWN_LENGTH
    return WAVHeader(format_, offset, length if known else None)


class PCMDecoder:
    """
    Makes frames of raw bytes that arrive in pieces of any size.

    Args:
        pcm_format: what the bytes are.
        frame_duration: how long the frames are, in seconds; the last one may be shorter.
    """

    def __init__(self, pcm_format: PCMFormat, *, frame_duration: float = 0.1) -> None:
        self._format = pcm_format
        self._frame_bytes = (
            max(round(pcm_format.sample_rate * frame_duration), 1) * pcm_format.block
        )
        self._rest = b""

    def push(self, data: bytes) -> Iterator[AudioFrame]:
        """Yield the frames that *data* completes."""
        data = self._rest + data
        whole = len(data) - len(data) % self._frame_bytes
        self._rest = data[whole:]
        for start in range(0, whole, self._frame_bytes):
            yield self._frame(data[start : start + self._frame_bytes])

    def flush(self) -> Iterator[AudioFrame]:
        """Yield what is left as one frame, if anything is; half a sample at the end is no audio."""
        data, self._rest = self._rest, b""
        data = data[: len(data) - len(data) % self._format.block]
        if data:
            yield self._frame(data)

    def _frame(self, data: bytes) -> AudioFrame:
        count = len(data) // self._format.block
        samples = _to_int16(data, self._format.sample_width)
        return AudioFrame(samples, self._format.sample_rate, self._format.num_channels, count)


def _to_int16(data: bytes, sample_width: int) -> bytes:
    if sample_width == 2:
        return data
    if sample_width == 1:
        centred = np.frombuffer(data, np.uint8).astype("<i2") - 128
        return (centred << 8).astype("<i2").tobytes()
    # The upper two bytes of each sample are its 16-bit value.
    return np.frombuffer(data, np.uint8).reshape(-1, sample_width)[:, -2:].tobytes()
