"""The same sound in another format."""

from __future__ import annotations

import numpy as np

from ...audio.frame import AudioFrame, combine_frames
from ...audio.resampling import Resampler

__all__ = ("converted", "loud_part")


def converted(audio: AudioFrame, rate: int, channels: int) -> AudioFrame:
    """Resample to *rate*, and put the first channel into so many."""
    if rate != audio.sample_rate:
        resampler = Resampler(audio.sample_rate, rate, audio.num_channels)
        parts = [resampler.push(audio), resampler.flush()]
        audio = combine_frames([part for part in parts if part is not None])
    if channels != audio.num_channels:
        mono = audio.to_array().reshape(-1, audio.num_channels)[:, :1]
        audio = AudioFrame.from_array(mono.repeat(channels, axis=1), audio.sample_rate)
    return audio


def loud_part(audio: AudioFrame) -> AudioFrame:
    """Leave out the silence at the end."""
    step = round(0.05 * audio.sample_rate)
    samples = np.abs(audio.to_array().reshape(-1, audio.num_channels).astype(np.int32)).max(axis=1)
    levels = [samples[at : at + step].mean() for at in range(0, len(samples), step)]
    loud = [number for number, level in enumerate(levels) if level > max(levels) * 0.1]
    end = (loud[-1] + 1) * step if loud else len(samples)
    return audio.slice(0, min(end, audio.samples_per_channel))
