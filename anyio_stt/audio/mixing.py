"""Several channels made into one."""

from __future__ import annotations

import numpy as np

from .frame import AudioFrame

__all__ = ("mix_down",)


def mix_down(frame: AudioFrame) -> AudioFrame:
    """
    Return *frame* with one channel, the mean of all it had.

    The mean and not the sum: nothing is clipped, and a voice on one of two channels comes out
    at half its level, which engines do not mind.
    """
    if frame.num_channels == 1:
        return frame
    mean = np.rint(frame.to_array().mean(axis=1))
    return AudioFrame.from_array(mean.astype(np.int16), frame.sample_rate)
