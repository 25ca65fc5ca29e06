"""Raw samples of any kind, made into frames of 16 bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .companding import decode_alaw, decode_mulaw
from .frame import AudioFrame

__all__ = ("MAX_CHANNELS", "MAX_SAMPLE_RATE", "PCMDecoder", "PCMFormat", "float_to_int16")

MAX_SAMPLE_RATE = 768_000
"""The highest rate that converters have; a header that says more is wrong."""
MAX_CHANNELS = 64
"""More are in no recording of speech, and a second of them takes a hundred megabytes."""
_WIDTHS = {"int": (1, 2, 3, 4), "float": (2, 4, 8), "mulaw": (1,), "alaw": (1,)}


@dataclass(frozen=True)
class PCMFormat:
    """
    How raw samples are laid out: little-endian, channels interleaved.

    Args:
        sample_rate: samples a second, for each channel; at most 768,000.
        num_channels: how many channels are interleaved; at most 64.
        sample_width: bytes of one sample. Integers have 1 (unsigned, as in WAV) to 4, floats 2,
            4 or 8, "mulaw" and "alaw" 1.
        encoding: what a sample is.

    Raises:
        ValueError: for numbers no audio can have.
    """

    sample_rate: int
    num_channels: int
    sample_width: int = 2
    encoding: Literal["int", "float", "mulaw", "alaw"] = "int"

    def __post_init__(self) -> None:
        if not (0 < self.sample_rate <= MAX_SAMPLE_RATE and 0 < self.num_channels <= MAX_CHANNELS):
            raise ValueError(
                f"PCM needs a positive sample_rate, at most {MAX_SAMPLE_RATE} Hz, and a positive "
                f"num_channels, at most {MAX_CHANNELS}; got {self.sample_rate!r}, "
                f"{self.num_channels!r}"
            )
        if self.sample_width not in _WIDTHS.get(self.encoding, ()):
            raise ValueError(
                f"PCM needs a positive sample_width that its encoding has ({_WIDTHS}), got "
                f"{self.sample_width!r} bytes of {self.encoding!r}"
            )

    @property
    def block(self) -> int:
        """Bytes of one sample of all channels."""
        return self.num_channels * self.sample_width

    def seconds(self, length: int) -> float:
        """Return how long *length* bytes take to play."""
        return length // self.block / self.sample_rate


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
        samples = _to_int16(data, self._format)
        return AudioFrame(samples, self._format.sample_rate, self._format.num_channels, count)


def _to_int16(data: bytes, pcm: PCMFormat) -> bytes:
    if pcm.encoding == "mulaw":
        return decode_mulaw(data)
    if pcm.encoding == "alaw":
        return decode_alaw(data)
    if pcm.encoding == "float":
        return float_to_int16(np.frombuffer(data, f"<f{pcm.sample_width}")).tobytes()
    if pcm.sample_width == 2:
        return data
    if pcm.sample_width == 1:
        centred = np.frombuffer(data, np.uint8).astype("<i2") - 128
        return (centred << 8).astype("<i2").tobytes()
    # The upper two bytes of each sample are its 16-bit value.
    return np.frombuffer(data, np.uint8).reshape(-1, pcm.sample_width)[:, -2:].tobytes()


def float_to_int16(samples: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    """Return float samples as 16 bits: beyond 1.0 they are clipped, what is no number is silent."""
    numbers = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    scaled: npt.NDArray[Any] = np.clip(np.rint(numbers * 32768.0), -32768, 32767)
    return scaled.astype(np.int16)
