"""Engines of other frameworks by name: `livekit:deepgram` is a plugin of LiveKit's."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from anyio_stt.stt import STT

__all__ = ("BRIDGES", "load_bridged")

BRIDGES = {
    "livekit": "anyio_stt.engines.livekit",
    "pipecat": "anyio_stt.engines.pipecat",
}
"""The reserved prefixes of names, and which module has the framework's `load_plugin`."""


def load_bridged(name: str) -> Callable[..., STT]:
    """
    Return what makes the engine called *name*, from the options that its own class takes.

    Args:
        name: a prefix of `BRIDGES`, a colon, and the framework's name for it.

    Raises:
        ImportError: when the framework or the plugin is not installed; the message says how.
        LookupError: when there is no such engine.
    """
    framework, _, plugin = name.partition(":")
    if not plugin:
        raise LookupError(f"{name} lacks the name of an engine, such as {framework}:deepgram")
    load: Callable[[str], Callable[..., STT]] = import_module(BRIDGES[framework]).load_plugin
    return load(plugin)
