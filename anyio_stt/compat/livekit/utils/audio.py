"""Cutting bytes into frames."""

from __future__ import annotations

from ....audio.frame import AudioFrame
from ....audio.frame import calculate_audio_duration as calculate_audio_duration

__all__ = ("AudioByteStream", "calculate_audio_duration")


class AudioByteStream:
    """
    Cuts bytes of int16 audio into frames of one length.

    Args:
        sample_rate: samples a second.
        num_channels: channels, interleaved.
        samples_per_channel: of each frame; a tenth of a second unless given.
    """

    def __init__(
        self, sample_rate: int, num_channels: int, samples_per_channel: int | None = None
    ) -> None:
        self._rate = sample_rate
        self._channels = num_channels
        self._sample = 2 * num_channels
        self._wanted = (samples_per_channel or sample_rate // 10) * self._sample
        self._waiting = bytearray()

    def push(self, data: bytes | memoryview) -> list[AudioFrame]:
        """Take *data*; return the frames that are full."""
        self._waiting += data
        frames = []
        while len(self._waiting) >= self._wanted:
            frames.append(self._take(self._wanted))
        return frames

    write = push

    def flush(self) -> list[AudioFrame]:
        """Return what is left; half a sample waits for its other half."""
        whole = len(self._waiting) // self._sample * self._sample
        return [self._take(whole)] if whole else []

    def clear(self) -> None:
        """Forget what is left."""
        self._waiting.clear()

    @property
    def buffered_duration(self) -> float:
        """Seconds of audio that wait for a full frame."""
        return len(self._waiting) / self._sample / self._rate

    def _take(self, size: int) -> AudioFrame:
        data = bytes(self._waiting[:size])
        del self._waiting[:size]
        return AudioFrame(data, self._rate, self._channels, size // self._sample)
