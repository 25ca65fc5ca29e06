"""Deepgram, and servers that speak its protocol."""

from .options import DeepgramOptions as DeepgramOptions
from .stt import DeepgramSTT as DeepgramSTT

__all__ = ("DeepgramOptions", "DeepgramSTT")
