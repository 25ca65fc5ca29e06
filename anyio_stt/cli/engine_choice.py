"""From what was typed after `--engine` and `--option` to an engine."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

from anyio_stt import STT
from anyio_stt.engines import default_engine_name, load_engine
from anyio_stt.engines.bridges import BRIDGES, load_bridged

from .engine_options import Typed, fitted, options_class
from .errors import CommandError
from .settings import Settings

__all__ = ("choose_engine", "make_engine", "parse_options", "without_interims")


def choose_engine(name: str | None, *, quiet: bool = False) -> str:
    """
    Return *name*, or that of the best offline engine here; stderr names it, and any better one.

    Raises:
        CommandError: when there is none.
    """
    if name is not None:
        return name
    try:
        chosen = default_engine_name()
    except LookupError as exc:
        raise CommandError(str(exc)) from exc
    if not quiet:
        click.echo(f"engine: {chosen}{_better(chosen)}", err=True)
    return chosen


def _better(chosen: str) -> str:
    if chosen != "pocketsphinx":
        return ""
    install = "" if find_spec("sherpa_onnx") else "pip install 'anyio-stt[sherpa]' && "
    return f" (sherpa makes far fewer mistakes: {install}anyio-stt models pull)"


def make_engine(name: str, options: dict[str, Any]) -> STT:
    """
    Make the engine called *name*: one that is installed, or a class given as `module:Class`.

    Raises:
        CommandError: when there is no such engine, something it needs is not installed, or it
            does not take the options.
    """
    engine = _find(name)
    try:
        inspect.signature(engine).bind(**options)
    except TypeError as exc:
        taken = ", ".join(inspect.signature(engine).parameters) or "none"
        raise CommandError(f"engine {name}: {exc}; its options are: {taken}") from exc
    try:
        fitting = {key: fitted(key, value, engine) for key, value in options.items()}
        return engine(**fitting)
    except CommandError:
        raise
    except (ImportError, LookupError, OSError, TypeError, ValueError) as exc:
        reason = f"it needs {exc}" if isinstance(exc, KeyError) else str(exc)
        raise CommandError(f"engine {name}: {reason}") from exc
    except Exception as exc:  # somebody else's class: whatever it raises, it cannot be made
        raise CommandError(f"engine {name}: {type(exc).__name__}: {exc}") from exc


def parse_options(pairs: Sequence[str]) -> dict[str, Any]:
    """
    Read `key=value` pairs; a value is JSON (`3`, `true`, `["a"]`) or else plain text.

    Numbers and the like remember how they were typed, for options that are text.

    Raises:
        CommandError: for a pair without a key or an equals sign.
    """
    options = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise CommandError(f"--option {pair}: write it as key=value")
        options[key] = _value(value)
    return options


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, str) else Typed(value, text)


def without_interims(settings: Settings) -> Settings:
    """Return *settings* with an engine that does not guess, where it has an option for that."""
    try:
        engine = _find(settings.engine)
    except CommandError:
        return settings  # told when it is made
    given = settings.options
    if "interim_results" in given or "options" in given:
        return settings
    if "interim_results" in inspect.signature(engine).parameters:
        return replace(settings, options={**given, "interim_results": False})
    kind = options_class(engine)
    if kind is None or "interim_results" not in {field.name for field in fields(kind)}:
        return settings
    return replace(settings, options={**given, "options": kind(interim_results=False)})


def _find(name: str) -> Callable[..., STT]:
    try:
        if name.partition(":")[0] in BRIDGES:
            return load_bridged(name)
        return _import(name) if ":" in name else load_engine(name)
    except (ImportError, LookupError, ValueError) as exc:
        told = repr(name) in str(exc)
        raise CommandError(str(exc) if told else f"engine {name}: {exc}") from exc


def _import(name: str) -> type[STT]:
    module, _, attribute = name.partition(":")
    found = getattr(import_module(module), attribute, None)
    if not (isinstance(found, type) and issubclass(found, STT)):
        raise LookupError(f"{module} has no class {attribute} that is an STT")
    return found
