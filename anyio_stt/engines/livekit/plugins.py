"""Plugins of LiveKit's by name: `livekit:deepgram` is `livekit.plugins.deepgram.STT`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from .stt import LiveKitSTT

__all__ = ("load_plugin",)


def load_plugin(name: str) -> Callable[..., LiveKitSTT]:
    """
    Return what makes an engine of an installed `livekit-plugins-*`.

    It takes the plugin's options, and `settle` as `LiveKitSTT` does.

    Args:
        name: of the plugin, such as "deepgram", or with its class, as in "deepgram.STTv2".

    Raises:
        ImportError: when the plugin is not installed; the message says how to install it.
        LookupError: when it recognises no speech.
    """
    package, _, attribute = name.partition(".")
    try:
        module = import_module(f"livekit.plugins.{package}")
    except ModuleNotFoundError as exc:
        raise ImportError(
            f"livekit:{name} needs {exc.name}, which is not installed: "
            f"pip install livekit-plugins-{package.replace('_', '-')}",
            name=exc.name,
        ) from exc
    plugin = getattr(module, attribute or "STT", None)
    if plugin is None:
        raise LookupError(f"livekit.plugins.{package} has no {attribute or 'STT'}")

    def make(settle: float | None = None, **options: Any) -> LiveKitSTT:
        return LiveKitSTT(plugin(**options), settle=settle)

    make.__signature__ = _with_settle(inspect.signature(plugin))  # type: ignore[attr-defined]
    make.__doc__ = plugin.__doc__
    return make


def _with_settle(signature: inspect.Signature) -> inspect.Signature:
    settle = inspect.Parameter(
        "settle", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=float | None
    )
    own = list(signature.parameters.values())
    rest = [each for each in own if each.kind is inspect.Parameter.VAR_KEYWORD]
    return signature.replace(parameters=[*own[: len(own) - len(rest)], settle, *rest])
