"""Audio as models take it; also in worker processes, so it imports next to nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ("SILERO_FRAME", "Samples", "as_samples")

SILERO_FRAME = 512
"""Samples that Silero judges at once: 32 ms."""

Samples = npt.NDArray[np.float32]


def as_samples(audio: bytes) -> Samples:
    """Return 16-bit samples as numbers from -1 to 1."""
    samples = np.frombuffer(audio, "<i2").astype(np.float32)
    samples /= 32768
    return samples
