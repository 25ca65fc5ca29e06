"""What Whisper's family of networks hears: a logarithmic mel spectrogram."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ("log_mel",)

Floats: TypeAlias = npt.NDArray[Any]

_RATE, _WINDOW, _HOP, _BANDS = 16000, 400, 160, 80
_LINEAR = 200 / 3  # Hz of a mel, below 1 kHz
_KNEE, _STEP = 1000.0, np.log(6.4) / 27  # above it, mels are logarithmic
_FLOOR, _RANGE = 1e-10, 8.0  # of power, and of its logarithm below the loudest


def log_mel(samples: Floats) -> Floats:
    """
    Return 80 bands of frames of 10 ms, scaled as Whisper has them.

    Args:
        samples: at 16 kHz, at least 25 ms.
    """
    padded = np.pad(np.asarray(samples, np.float64), _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    spectrum = np.fft.rfft(frames[: len(samples) // _HOP] * _window())
    power = _filters() @ (spectrum.real**2 + spectrum.imag**2).T
    logarithm = np.log10(np.maximum(power, _FLOOR))
    logarithm = np.maximum(logarithm, logarithm.max() - _RANGE)
    scaled: Floats = ((logarithm + 4.0) / 4.0).astype(np.float32)
    return scaled


@cache
def _window() -> Floats:
    return np.hanning(_WINDOW + 1)[:-1]


@cache
def _filters() -> Floats:
    """Return Slaney's triangles, of equal area: a row for each band, a column for each bin."""
    bins = np.linspace(0, _RATE / 2, _WINDOW // 2 + 1)
    edges = _hertz(np.linspace(0.0, float(_mel(_RATE / 2)), _BANDS + 2))
    widths = np.diff(edges)
    slopes = edges[:, None] - bins
    rising, falling = -slopes[:-2] / widths[:-1, None], slopes[2:] / widths[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    filters: Floats = triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return filters


def _mel(hertz: float) -> Any:
    return _KNEE / _LINEAR + np.log(hertz / _KNEE) / _STEP if hertz >= _KNEE else hertz / _LINEAR


def _hertz(mels: Floats) -> Floats:
    knee = _KNEE / _LINEAR
    return np.where(mels >= knee, _KNEE * np.exp(_STEP * (mels - knee)), mels * _LINEAR)
