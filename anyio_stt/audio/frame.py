"""A stretch of audio as a value, and the few things one does with such values."""

from __future__ import annotations

import io
import warnings
import wave
from collections.abc import Iterable
from os import PathLike
from typing import Any, Protocol, TypeAlias, Union

import numpy as np
import numpy.typing as npt

from .companding import decode_alaw, decode_mulaw

__all__ = (
    "NO_FRAMES",
    "SAMPLE_BYTES",
    "AudioBuffer",
    "AudioFrame",
    "FrameLike",
    "as_frame",
    "calculate_audio_duration",
    "combine_frames",
    "join_frames",
)

SAMPLE_BYTES = 2
NO_FRAMES = (np.ndarray, bytes, bytearray, memoryview, str, PathLike)
"""What can be iterated and is no iterable of frames."""
_MOST_CHANNELS = 8  # 7.1; a wider array that has fewer samples than channels lies on its side


class FrameLike(Protocol):
    """Anything with these four attributes can be pushed, for example a LiveKit `rtc.AudioFrame`."""

    @property
    def data(self) -> Any: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def num_channels(self) -> int: ...
    @property
    def samples_per_channel(self) -> int: ...


class AudioFrame:
    """
    A stretch of audio: 16-bit signed little-endian samples, channels interleaved.

    A frame is a value: it never changes, and two frames with the same samples and format are equal.

    Args:
        data: the samples, as any buffer; copied unless they are `bytes`.
        sample_rate: samples a second, for each channel.
        num_channels: how many channels are interleaved.
        samples_per_channel: how many samples each channel has.

    Raises:
        ValueError: when the buffer's length is not what the other three numbers say.
    """

    # No view is kept: it would be three more objects a frame for the garbage collector, and
    # streams keep a minute of frames each.
    __slots__ = ("num_channels", "pcm", "sample_rate", "samples_per_channel")

    pcm: bytes
    """The samples as bytes, the way they are kept: nothing is copied."""
    sample_rate: int
    num_channels: int
    samples_per_channel: int

    def __init__(
        self, data: Any, sample_rate: int, num_channels: int, samples_per_channel: int
    ) -> None:
        if sample_rate <= 0 or num_channels <= 0 or samples_per_channel < 0:
            raise ValueError(
                f"an audio frame needs a positive sample_rate and num_channels and no negative "
                f"samples_per_channel, got {sample_rate!r}, {num_channels!r}, "
                f"{samples_per_channel!r}"
            )
        size = len(data) if type(data) is bytes else memoryview(data).nbytes
        expected = samples_per_channel * num_channels * SAMPLE_BYTES
        if size != expected:
            raise ValueError(
                f"{samples_per_channel} samples of {num_channels} channel(s) are {expected} "
                f"bytes of int16, but data has {size}"
            )
        self.pcm = data if type(data) is bytes else bytes(memoryview(data))
        self.sample_rate = sample_rate
        self.num_channels = num_channels
        self.samples_per_channel = samples_per_channel

    @property
    def data(self) -> memoryview:
        """The samples, as a read-only view of int16 items; `pcm` are the bytes."""
        return memoryview(self.pcm).cast("h")

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.samples_per_channel / self.sample_rate

    @classmethod
    def from_array(cls, array: npt.ArrayLike, sample_rate: int) -> AudioFrame:
        """
        Make a frame of samples in an array.

        Args:
            array: int16, or float in [-1, 1] (values beyond are clipped, with a warning), shaped
                `(samples,)` or `(samples, channels)`.
            sample_rate: samples a second.

        Raises:
            ValueError: for another type or shape, and for floats that are not finite.
        """
        samples = np.asarray(array)
        if samples.ndim not in (1, 2):
            raise ValueError(
                f"array must be shaped (samples,) or (samples, channels), got {samples.shape}"
            )
        if samples.ndim == 2 and samples.shape[1] > max(_MOST_CHANNELS, samples.shape[0]):
            first, second = samples.shape
            raise ValueError(
                f"array is shaped {samples.shape}: as (samples, channels) that is {first} "
                f"sample(s) of {second} channels; for {first} channel(s) of {second} samples "
                f"give array.T"
            )
        if np.issubdtype(samples.dtype, np.floating):
            samples = _int16(samples)
        elif samples.dtype != np.int16:
            raise ValueError(f"array must be int16 or float in [-1, 1], got {samples.dtype}")
        channels = samples.shape[1] if samples.ndim == 2 else 1
        return cls(samples.astype("<i2", copy=False).tobytes(), sample_rate, channels, len(samples))

    @classmethod
    def from_mulaw(cls, data: bytes, sample_rate: int = 8000, num_channels: int = 1) -> AudioFrame:
        """Make a frame of mu-law samples (G.711 in North America and Japan), one byte each."""
        return cls._of_pcm(decode_mulaw(data), sample_rate, num_channels)

    @classmethod
    def from_alaw(cls, data: bytes, sample_rate: int = 8000, num_channels: int = 1) -> AudioFrame:
        """Make a frame of A-law samples (G.711 everywhere else), one byte each."""
        return cls._of_pcm(decode_alaw(data), sample_rate, num_channels)

    @classmethod
    def _of_pcm(cls, pcm: bytes, sample_rate: int, num_channels: int) -> AudioFrame:
        samples = len(pcm) // (SAMPLE_BYTES * max(1, num_channels))
        return cls(pcm, sample_rate, num_channels, samples)

    def to_array(self) -> npt.NDArray[np.int16]:
        """Return the samples as read-only int16, shaped `(samples,)` or `(samples, channels)`."""
        samples = np.frombuffer(self.pcm, dtype=np.int16)
        return samples if self.num_channels == 1 else samples.reshape(-1, self.num_channels)

    def to_wav_bytes(self) -> bytes:
        """Return the frame as a 16-bit WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as written:
            written.setnchannels(self.num_channels)
            written.setsampwidth(2)
            written.setframerate(self.sample_rate)
            written.writeframes(self.pcm)
        return file.getvalue()

    def slice(self, start: int, stop: int | None = None) -> AudioFrame:
        """Return samples *start* to *stop* of each channel."""
        stop = self.samples_per_channel if stop is None else stop
        size = self.num_channels * SAMPLE_BYTES
        part = self.pcm[start * size : stop * size]
        return AudioFrame(part, self.sample_rate, self.num_channels, stop - start)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AudioFrame):
            return NotImplemented
        return self._format() == other._format() and self.pcm == other.pcm

    def __hash__(self) -> int:
        return hash((self._format(), self.pcm))

    def __reduce__(self) -> tuple[type[AudioFrame], tuple[bytes, int, int, int]]:
        return AudioFrame, (self.pcm, *self._format())

    def __repr__(self) -> str:
        return (
            f"AudioFrame({self.duration:.3f} s, sample_rate={self.sample_rate}, "
            f"num_channels={self.num_channels}, samples_per_channel={self.samples_per_channel})"
        )

    def _format(self) -> tuple[int, int, int]:
        return self.sample_rate, self.num_channels, self.samples_per_channel


AudioBuffer: TypeAlias = Union[list[AudioFrame], AudioFrame]
"""What `recognize` takes: one frame, or several of the same format."""

_Frames: TypeAlias = Union[AudioBuffer, FrameLike, Iterable[FrameLike]]


def as_frame(frame: FrameLike) -> AudioFrame:
    """
    Return *frame* itself, or our own copy of somebody else's frame.

    Raises:
        TypeError: for anything else, with the line that makes a frame of it.
    """
    if isinstance(frame, AudioFrame):
        return frame
    try:
        return AudioFrame(
            frame.data, frame.sample_rate, frame.num_channels, frame.samples_per_channel
        )
    except AttributeError as exc:
        raise TypeError(
            f"audio must be an AudioFrame, or have its data, sample_rate, num_channels and "
            f"samples_per_channel; got {type(frame).__name__}{_instead(frame)}"
        ) from exc


def _instead(given: object) -> str:
    """Say what to write for what people give in place of a frame."""
    if isinstance(given, np.ndarray):
        return ": write AudioFrame.from_array(array, sample_rate)"
    if isinstance(given, (bytes, bytearray, memoryview)):
        return ": write AudioFrame(data, sample_rate, num_channels, samples_per_channel)"
    if isinstance(given, (str, PathLike)):
        return ": write `async with anyio_stt.audio.open_audio(path) as frames`"
    if isinstance(given, int):
        return "; bytes are no frames: AudioFrame(data, sample_rate, num_channels, samples)"
    return ""


def combine_frames(buffer: _Frames) -> AudioFrame:
    """
    Join frames of one format into a single frame; a single frame is returned as it is.

    Raises:
        ValueError: when there is no frame, or the frames differ in rate or channels.
    """
    frames = [as_frame(frame) for frame in _each(buffer)]
    if not frames:
        raise ValueError("no audio: the buffer holds no frame")
    first = frames[0]
    for frame in frames:
        if (frame.sample_rate, frame.num_channels) != (first.sample_rate, first.num_channels):
            raise ValueError(
                f"frames of one buffer must have one format: found {first.sample_rate} Hz with "
                f"{first.num_channels} channel(s) and {frame.sample_rate} Hz with "
                f"{frame.num_channels}; resample them first"
            )
    return join_frames(frames)


def join_frames(frames: list[AudioFrame]) -> AudioFrame:
    """Join frames that are known to have one format."""
    first = frames[0]
    if len(frames) == 1:
        return first
    pcm = b"".join([frame.pcm for frame in frames])
    samples = len(pcm) // (SAMPLE_BYTES * first.num_channels)
    return AudioFrame(pcm, first.sample_rate, first.num_channels, samples)


def calculate_audio_duration(buffer: _Frames) -> float:
    """Return the length of *buffer* in seconds."""
    return sum((frame.samples_per_channel / frame.sample_rate for frame in _each(buffer)), 0.0)


def _each(buffer: _Frames) -> Iterable[FrameLike]:
    """Iterate the frames of *buffer*; what people give in place of frames is left whole."""
    odd = not isinstance(buffer, Iterable) or isinstance(buffer, NO_FRAMES)
    return [buffer] if odd else buffer  # type: ignore[list-item,return-value]


def _int16(samples: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.int16]:
    peak = np.max(np.abs(samples), initial=0.0)
    if not peak < np.inf:  # written so that nan fails too
        raise ValueError(f"float samples must be finite numbers in [-1, 1], found {peak}")
    if peak > 1.0:
        warnings.warn(
            f"float samples beyond [-1, 1] were clipped, the loudest is {peak:g}; scale them first",
            stacklevel=3,
        )
    scaled: npt.NDArray[np.floating[Any]] = np.clip(np.rint(samples * 32768.0), -32768, 32767)
    return scaled.astype(np.int16)
