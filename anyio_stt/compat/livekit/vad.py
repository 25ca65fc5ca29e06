"""What LiveKit's `agents.vad` holds."""

from __future__ import annotations

from ...vad import VAD as VAD
from ...vad import VADStream as VADStream
from ...voice import VADCapabilities as VADCapabilities
from ...voice import VADEvent as VADEvent
from ...voice import VADEventType as VADEventType

__all__ = ("VAD", "VADCapabilities", "VADEvent", "VADEventType", "VADStream")
