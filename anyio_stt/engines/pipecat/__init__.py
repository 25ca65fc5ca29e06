"""Pipecat's services as engines here, and engines here as Pipecat's."""

from __future__ import annotations

from .for_pipecat import ForPipecat as ForPipecat
from .services import load_plugin as load_plugin
from .stt import PipecatSTT as PipecatSTT

__all__ = ("ForPipecat", "PipecatSTT", "load_plugin")
