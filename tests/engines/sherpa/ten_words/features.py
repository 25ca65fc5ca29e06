"""What sherpa-onnx gives its models: Kaldi's log mel filterbanks, 80 for each hundredth second."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BINS = 80
_RATE, _SHIFT, _LENGTH, _SIZE = 16000, 160, 400, 512
_LOW, _HIGH = 20.0, 7600.0
_EMPHASIS = 0.97

Array = npt.NDArray[np.float32]


def features(samples: Array) -> Array:
    """Return a row of `BINS` for each hundredth of a second of samples from -1 to 1."""
    count = (len(samples) + _SHIFT // 2) // _SHIFT
    before = (_LENGTH - _SHIFT) // 2
    mirrored = np.pad(samples, (before, _LENGTH), "symmetric")
    frames = np.lib.stride_tricks.sliding_window_view(mirrored, _LENGTH)[::_SHIFT][:count]
    frames = frames - frames.mean(axis=1, keepdims=True)
    emphasised = frames.copy()
    emphasised[:, 1:] -= _EMPHASIS * frames[:, :-1]
    emphasised[:, 0] -= _EMPHASIS * frames[:, 0]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_LENGTH) / (_LENGTH - 1))
    power = np.abs(np.fft.rfft(emphasised * hann**0.85, _SIZE)) ** 2
    energies = power[:, : _SIZE // 2] @ _filters().T
    floored: Array = np.log(np.maximum(energies, np.finfo(np.float32).eps)).astype(np.float32)
    return floored


def _filters() -> npt.NDArray[np.float64]:
    """Return triangles that are even on the mel scale."""
    edges = np.linspace(_mel(_LOW), _mel(_HIGH), BINS + 2)
    mels = _mel(np.arange(_SIZE // 2) * _RATE / _SIZE)
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (mels - left) / (middle - left), (right - mels) / (right - middle)
    filters: npt.NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling))
    return filters


def _mel(frequency: npt.ArrayLike) -> npt.NDArray[np.float64]:
    mel: npt.NDArray[np.float64] = 1127 * np.log1p(np.asarray(frequency, np.float64) / 700)
    return mel
