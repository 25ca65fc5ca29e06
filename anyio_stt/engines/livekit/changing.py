"""A plugin with other options, while streams of the one before go on."""

from __future__ import annotations

import copy
import inspect
import weakref
from dataclasses import dataclass, replace
from typing import Any

from . import theirs

__all__ = ("Asked", "changed")

# What plugins call what our engines have one word for.
_WORDS = {
    "keyterms": ("keyterm", "keyterms_prompt", "keyterms", "keywords"),
    "endpointing": ("endpointing", "endpointing_ms"),
    "language": ("language", "language_codes"),
}


@dataclass(frozen=True)
class Asked:
    """
    What makes the plugin's streams of one stream here.

    Args:
        plugin: the plugin, or a copy of it with other options.
        language: what is spoken, where that was said for the stream alone.
    """

    plugin: Any
    language: str | None = None


def changed(asked: Asked, label: str, changes: dict[str, Any]) -> Asked:
    """
    Return *asked* with *changes*, made by the plugin's own `update_options` in a copy of it.

    Told itself, a plugin would connect its open streams anew, with the audio that is on its way.

    Args:
        asked: what holds.
        label: the plugin's name.
        changes: by our words or by the plugin's.

    Raises:
        TypeError: for an option that it cannot change.
        ValueError: for a value that it does not take.
    """
    update: Any = getattr(asked.plugin, "update_options", None)
    known = () if update is None else tuple(inspect.signature(update).parameters)
    theirs_: dict[str, Any] = {}
    for name, value in changes.items():
        own = next((each for each in _WORDS.get(name, (name,)) if each in known), None)
        if own is None:
            able = ", ".join(known) or "nothing"
            raise TypeError(
                f"{label} cannot change {name} while it runs, but {able}; make another plugin"
            )
        theirs_[own] = value
    if not changes:
        return asked
    plugin = _copy(asked.plugin)
    plugin.update_options(**theirs_)
    return replace(asked, plugin=plugin, language=None if "language" in changes else asked.language)


def _copy(plugin: Any) -> Any:
    """Return a plugin that shares everything with *plugin* but its options and its streams."""
    made = copy.copy(plugin)
    for name in ("_opts", "_params", "_capabilities"):
        if hasattr(plugin, name):
            setattr(made, name, copy.copy(getattr(plugin, name)))
    if hasattr(plugin, "_streams"):
        made._streams = weakref.WeakSet()  # noqa: SLF001 - where plugins keep them
    pool: Any = getattr(plugin, "_pool", None)
    if isinstance(pool, theirs.agents.utils.ConnectionPool):
        made._pool = _copied_pool(pool, plugin, made)  # noqa: SLF001 - likewise
    return made


def _copied_pool(pool: Any, plugin: Any, made: Any) -> Any:
    """Return an empty pool whose connections are made by the copy, with its options."""

    def bound(callback: Any) -> Any:
        own = getattr(callback, "__self__", None) is plugin
        return getattr(made, callback.__name__) if own else callback

    return theirs.agents.utils.ConnectionPool(
        max_session_duration=pool._max_session_duration,  # noqa: SLF001 - it has no copy()
        connect_cb=bound(pool._connect_cb),  # noqa: SLF001
        close_cb=bound(pool._close_cb),  # noqa: SLF001
    )
