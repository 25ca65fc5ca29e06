"""From what was typed after `--engine` and `--option` to an engine."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import click

from anyio_stt import STT
from anyio_stt.engines import default_engine_name, load_engine
from anyio_stt.engines.bridges import BRIDGES, load_bridged

from .errors import CommandError

__all__ = ("choose_engine", "make_engine", "parse_options")


def choose_engine(name: str | None) -> str:
    """
    Return *name*, or that of the best engine that works offline here; says which on stderr.

    Raises:
        CommandError: when there is none.
    """
    if name is not None:
        return name
    try:
        chosen = default_engine_name()
    except LookupError as exc:
        raise CommandError(str(exc)) from exc
    click.echo(f"engine: {chosen}", err=True)
    return chosen


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
        return engine(**options)
    except (ImportError, LookupError, OSError, TypeError, ValueError) as exc:
        raise CommandError(f"engine {name}: {exc}") from exc


def parse_options(pairs: Sequence[str]) -> dict[str, Any]:
    """
    Read `key=value` pairs; a value is JSON (`3`, `true`, `["a"]`) or else plain text.

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
        return json.loads(text)
    except ValueError:
        return text


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
