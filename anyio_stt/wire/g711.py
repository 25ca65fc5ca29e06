"""The telephone's encodings, mu-law and A-law, to 16-bit samples; no input or output."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ("ENCODINGS", "decode_samples")


def _mulaw_table() -> npt.NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> npt.NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    base = (mantissa << 4) + 8
    magnitude = np.where(exponent > 0, (base + 0x100) << np.maximum(exponent - 1, 0), base)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


_TABLES = {"mulaw": _mulaw_table(), "alaw": _alaw_table()}

ENCODINGS: dict[str, int] = {"linear16": 2, "mulaw": 1, "alaw": 1}
"""The encodings of raw audio, and how many bytes a sample of each has."""


def decode_samples(data: bytes, encoding: str) -> bytes:
    """Return *data* as little-endian 16-bit samples."""
    if encoding == "linear16":
        return data
    return _TABLES[encoding][np.frombuffer(data, np.uint8)].astype("<i2").tobytes()
