"""Vosk's websocket server."""

from .options import VoskOptions as VoskOptions
from .stt import VoskServerSTT as VoskServerSTT

__all__ = ("VoskOptions", "VoskServerSTT")
