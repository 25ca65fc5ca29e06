"""A recording that changes its format on the way, in the format it began with."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .frame import AudioFrame
from .resampling import Resampler

__all__ = ("OneFormat",)


class OneFormat:
    """
    Gives every frame the rate and channels of the first, at its right speed.

    Joined recordings change both. Engines and streams take one format.
    """

    def __init__(self) -> None:
        self._rate = self._channels = 0
        self._resampler: Resampler | None = None
        self._resampled_rate = 0

    def push(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """Yield *frame*, and before it what waits of another rate, in the first one's format."""
        if not self._rate:
            self._rate, self._channels = frame.sample_rate, frame.num_channels
        if frame.sample_rate != (self._resampled_rate or self._rate):
            yield from self.flush()
            if frame.sample_rate != self._rate:
                self._resampled_rate = frame.sample_rate
                self._resampler = Resampler(frame.sample_rate, self._rate, self._channels)
        frame = _with_channels(frame, self._channels)
        ready = frame if self._resampler is None else self._resampler.push(frame)
        if ready is not None and ready.samples_per_channel:
            yield ready

    def flush(self) -> Iterator[AudioFrame]:
        """Yield what waits for its neighbours."""
        resampler, self._resampler, self._resampled_rate = self._resampler, None, 0
        rest = resampler.flush() if resampler is not None else None
        if rest is not None:
            yield rest

    def silence(self, seconds: float) -> Iterator[AudioFrame]:
        """Yield so much silence in the first frame's format, nothing before there was one."""
        count = round(seconds * self._rate)
        if count:
            yield from self.flush()
            yield AudioFrame(bytes(2 * count * self._channels), self._rate, self._channels, count)


def _with_channels(frame: AudioFrame, channels: int) -> AudioFrame:
    if frame.num_channels == channels:
        return frame
    samples: npt.NDArray[np.int16] = frame.to_array().reshape(frame.samples_per_channel, -1)
    if frame.num_channels == 1 or channels == 1:
        samples = np.rint(samples.mean(axis=1, keepdims=True)).astype(np.int16)
        samples = np.repeat(samples, channels, axis=1)
    else:  # the first channels are left and right in every layout; what is missing is silent
        missing = max(channels - frame.num_channels, 0)
        samples = np.pad(samples[:, :channels], ((0, 0), (0, missing)))
    return AudioFrame.from_array(np.ascontiguousarray(samples), frame.sample_rate)
