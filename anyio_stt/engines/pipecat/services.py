"""Services of Pipecat's by name: `pipecat:deepgram` is `DeepgramSTTService`."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

from . import theirs
from .stt import PipecatSTT

__all__ = ("load_plugin",)


def load_plugin(name: str) -> Callable[..., PipecatSTT]:
    """
    Return what makes an engine of an installed service; it takes the service's options.

    Args:
        name: of the package in `pipecat.services`, such as "deepgram", or with its class, as in
            "openai.OpenAIRealtimeSTTService".

    Raises:
        ImportError: when the service's own packages are not installed; the message says how.
        LookupError: when it recognises no speech.
    """
    package, _, attribute = name.partition(".")
    try:
        with warnings.catch_warnings():  # of what its own imports use
            warnings.simplefilter("ignore", DeprecationWarning)
            module = import_module(f"pipecat.services.{package}.stt")
    except ModuleNotFoundError as exc:
        raise ImportError(
            f"pipecat:{name} needs {exc.name}, which is not installed: "
            f"pip install 'pipecat-ai[{package}]'",
            name=exc.name,
        ) from exc
    service = getattr(module, attribute, None) if attribute else _first(module)
    if service is None:
        raise LookupError(f"pipecat.services.{package}.stt has no {attribute or 'STTService'}")

    def make(**options: Any) -> PipecatSTT:
        return PipecatSTT(lambda: service(**options))

    make.__signature__ = inspect.signature(service)  # type: ignore[attr-defined]
    make.__doc__ = service.__doc__
    return make


def _first(module: Any) -> Any:
    """Return the first service that *module* defines itself."""
    base = theirs.services.STTService
    for each in vars(module).values():
        own = isinstance(each, type) and each.__module__ == module.__name__
        if own and issubclass(each, base) and not inspect.isabstract(each):
            return each
    return None
