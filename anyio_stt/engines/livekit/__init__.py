"""LiveKit's plugins as engines here, and engines here as LiveKit's."""

from __future__ import annotations

from .for_livekit import ForLiveKit as ForLiveKit
from .plugins import load_plugin as load_plugin
from .stt import LiveKitSTT as LiveKitSTT
from .turns import LiveKitTurnDetector as LiveKitTurnDetector
from .vad import LiveKitVAD as LiveKitVAD

__all__ = ("ForLiveKit", "LiveKitSTT", "LiveKitTurnDetector", "LiveKitVAD", "load_plugin")
