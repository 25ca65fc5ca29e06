"""The encodings of raw audio that protocols name; no input or output."""

from __future__ import annotations

from ..audio.companding import decode_alaw, decode_mulaw

__all__ = ("ENCODINGS", "decode_samples")

ENCODINGS: dict[str, int] = {"linear16": 2, "mulaw": 1, "alaw": 1}
"""The encodings of raw audio, and how many bytes a sample of each has."""


def decode_samples(data: bytes, encoding: str) -> bytes:
    """Return *data* as little-endian 16-bit samples."""
    match encoding:
        case "mulaw":
            return decode_mulaw(data)
        case "alaw":
            return decode_alaw(data)
    return data
