"""Silero: a small neural network that tells speech from noise; its package carries its model."""

from .vad import SileroVAD as SileroVAD
from .vad import SileroVADStream as SileroVADStream

__all__ = ("SileroVAD", "SileroVADStream")
