"""G.711, telephony's eight bits for fourteen: the two tables, by ITU-T G.711's formulas."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ("ALAW", "MULAW")


def _mulaw() -> npt.NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    size = ((mantissa << 3) + 0x84 << exponent) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.int16)


def _alaw() -> npt.NDArray[np.int16]:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    step = (mantissa << 4) + 8
    size = np.where(exponent == 0, step, step + 0x100 << np.maximum(exponent, 1) - 1)
    return np.where(code & 0x80, size, -size).astype(np.int16)


MULAW = _mulaw()
"""The sample that each mu-law byte stands for."""
ALAW = _alaw()
"""The sample that each A-law byte stands for."""
