"""Options of an engine as its own class wants them."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from typing import Any

from .errors import CommandError

__all__ = ("Typed", "fitted", "options_class")

_SIMPLE: dict[type, tuple[type, ...]] = {
    bool: (bool,),
    int: (int,),
    float: (int, float),
    list: (list,),
    tuple: (list,),
    dict: (dict,),
    type(None): (type(None),),
}


@dataclass(frozen=True)
class Typed:
    """A value that was typed as JSON, and how."""

    value: Any
    text: str


def fitted(key: str, value: Any, engine: Callable[..., Any]) -> Any:
    """
    Return *value* of the option *key* as *engine* declares it: `5` may be a number or a name.

    Raises:
        CommandError: when it is neither.
    """
    if not isinstance(value, Typed):
        return value
    kinds = list(_kinds(_hints(engine).get(key)))
    if not kinds or object in kinds:
        return value.value
    if any(_fits(value.value, kind) for kind in kinds):
        return value.value
    if str in kinds or any(not isinstance(kind, type) for kind in kinds):
        return value.text
    names = " or ".join(sorted({kind.__name__ for kind in kinds}))
    raise CommandError(f"--option {key}={value.text}: it has to be {names}")


def options_class(engine: Callable[..., Any]) -> type | None:
    """Return the class of the argument `options` that *engine* takes, if it is a dataclass."""
    for kind in _kinds(_hints(engine).get("options")):
        if isinstance(kind, type) and is_dataclass(kind):
            return kind
    return None


def _hints(engine: Callable[..., Any]) -> dict[str, Any]:
    target = engine.__init__ if inspect.isclass(engine) else engine
    try:
        return typing.get_type_hints(target)
    except Exception:  # noqa: BLE001 - names that only its type checker knows
        return {}


def _kinds(hint: Any) -> Iterator[Any]:
    """Yield the classes that *hint* allows; a choice of names is text."""
    if hint is None:
        return
    origin = typing.get_origin(hint)
    if hint is Any:
        yield object
    elif origin is typing.Literal:
        yield str
    elif origin is None:
        yield hint
    elif _is_union(hint):
        for inner in typing.get_args(hint):
            yield from _kinds(inner) if inner is not type(None) else (inner,)
    else:
        yield origin


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) is typing.Union or type(hint).__name__ == "UnionType"


def _fits(value: Any, kind: Any) -> bool:
    if not isinstance(kind, type):
        return False
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return isinstance(value, simple) and (kind is bool or not isinstance(value, bool))
    return isinstance(value, (list, dict)) and isinstance(value, kind)
