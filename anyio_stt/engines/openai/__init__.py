"""OpenAI, and the many servers that speak its protocols."""

from .options import OpenAIOptions as OpenAIOptions
from .options import OpenAIRealtimeOptions as OpenAIRealtimeOptions
from .realtime import OpenAIRealtimeSTT as OpenAIRealtimeSTT
from .stt import OpenAISTT as OpenAISTT

__all__ = ("OpenAIOptions", "OpenAIRealtimeOptions", "OpenAIRealtimeSTT", "OpenAISTT")
