"""Wyoming, the protocol of Home Assistant's voice services."""

from .options import WyomingOptions as WyomingOptions
from .stt import WyomingSTT as WyomingSTT

__all__ = ("WyomingOptions", "WyomingSTT")
