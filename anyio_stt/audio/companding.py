"""G.711, the 8 bits a sample that telephones send: mu-law and A-law."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ("decode_alaw", "decode_mulaw")

_BIAS = 0x84  # added by the encoder so that each of the eight segments begins with a one


def decode_mulaw(data: bytes) -> bytes:
    """Return *data*, mu-law as in North America and Japan, as 16-bit samples."""
    return _MULAW[np.frombuffer(data, np.uint8)].tobytes()


def decode_alaw(data: bytes) -> bytes:
    """Return *data*, A-law as in Europe, as 16-bit samples."""
    return _ALAW[np.frombuffer(data, np.uint8)].tobytes()


def _mulaw_table() -> npt.NDArray[np.int16]:
    codes = ~np.arange(256) & 0xFF  # sent inverted, so that silence keeps the line busy
    sizes = (((codes & 0x0F) << 3) + _BIAS << ((codes & 0x70) >> 4)) - _BIAS
    return np.where(codes & 0x80, -sizes, sizes).astype("<i2")


def _alaw_table() -> npt.NDArray[np.int16]:
    codes = np.arange(256) ^ 0x55  # every other bit is sent inverted
    steps, segments = (codes & 0x0F) << 4, (codes & 0x70) >> 4
    sizes = np.where(segments == 0, steps + 8, steps + 0x108 << np.maximum(segments - 1, 0))
    return np.where(codes & 0x80, sizes, -sizes).astype("<i2")


_MULAW = _mulaw_table()
_ALAW = _alaw_table()
