"""
Engines made of engines, written with nothing but what any engine has.

    adapter                what they have in common
    stream_adapter         makes streams of an engine that recognises recordings only
    fallback_adapter       goes on with another engine when one fails
    multi_speaker_adapter  tells the primary speaker from those behind
    multi_channel          recognises each channel by itself
"""

from .fallback_adapter import FallbackAdapter as FallbackAdapter
from .fallback_members import AvailabilityChangedEvent as AvailabilityChangedEvent
from .multi_channel import MultiChannel as MultiChannel
from .multi_speaker_adapter import MultiSpeakerAdapter as MultiSpeakerAdapter
from .primary_speaker import PrimaryDetection as PrimaryDetection
from .stream_adapter import StreamAdapter as StreamAdapter

__all__ = (
    "AvailabilityChangedEvent",
    "FallbackAdapter",
    "MultiChannel",
    "MultiSpeakerAdapter",
    "PrimaryDetection",
    "StreamAdapter",
)
