"""
What is public, as text: `python -m tests.public_api` writes `tests/public_api.txt`.

One line a name, with its signature, so that a change of either shows in a diff.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin

import anyio_stt

__all__ = ("SNAPSHOT", "lines")

SNAPSHOT = Path(__file__).with_name("public_api.txt")
# Engines override or call these.
FOR_ENGINES = re.compile(
    r"_(run|recognize_impl|report_\w+|main_task|metrics_monitor_task|FlushSentinel)$"
)


def lines() -> list[str]:
    """Return the public names, sorted, each under the shortest module that offers it."""
    seen: set[int] = set()
    found: set[str] = set()
    for module in sorted(_modules(), key=lambda each: each.__name__.count(".")):
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            defined = inspect.isclass(thing) or inspect.isfunction(thing)
            if not defined or id(thing) not in seen:
                seen.add(id(thing))
                found.update(_describe(f"{module.__name__}.{name}", thing))
    return sorted(found)


def _modules() -> Iterator[ModuleType]:
    yield anyio_stt
    for info in pkgutil.walk_packages(anyio_stt.__path__, "anyio_stt."):
        if not _is_private(info.name):
            try:
                yield importlib.import_module(info.name)
            except ImportError:  # what an extra brings
                continue


def _is_private(name: str) -> bool:
    # What is compatible follows LiveKit's releases, not ours.
    return ".compat" in name or any(part.startswith("_") for part in name.split("."))


def _describe(path: str, thing: Any) -> Iterator[str]:
    if not inspect.isclass(thing) or get_origin(thing) is not None:  # a function, alias, value
        yield path + _signature(thing) if inspect.isfunction(thing) else path
        return
    yield f"class {path}"
    if issubclass(thing, enum.Enum):
        yield from (f"{path}.{member.name} = {member.value!r}" for member in thing)
        return
    if thing.__init__ is not object.__init__:
        yield f"{path}{_signature(thing.__init__)}"
    for name in _own_names(thing):
        member = inspect.getattr_static(thing, name)
        if name.startswith("_") and not FOR_ENGINES.match(name):
            continue
        plain = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
        is_method = inspect.isfunction(plain)
        yield f"{path}.{name}{_signature(plain) if is_method else ''}"


def _own_names(thing: type) -> Iterator[str]:
    """Yield what the class defines, and what it has from bases that are in no public module."""
    seen: set[str] = set()
    for owner in thing.__mro__:
        package, *parts = owner.__module__.split(".")
        private = any(part.startswith("_") for part in parts)
        if package == "anyio_stt" and owner is not thing and not private:
            return  # the rest is that class's
        if package == "anyio_stt":
            yield from (name for name in vars(owner) if name not in seen)
            seen.update(vars(owner))


def _signature(thing: Any) -> str:
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return "(...)"
    return f"({', '.join(_parameter(each) for each in parameters if each.name != 'self')})"


def _parameter(each: inspect.Parameter) -> str:
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    shown = next((text for kind, text in stars.items() if kind is each.kind), "")
    optional = "" if each.default is each.empty else "=..."
    only = "keyword " if each.kind is each.KEYWORD_ONLY else ""
    return f"{only}{shown}{each.name}{optional}"


def _absent() -> tuple[str, ...]:
    """Return the modules that need an extra which is not installed here."""
    here = {module.__name__ for module in _modules()}
    walked = (info.name for info in pkgutil.walk_packages(anyio_stt.__path__, "anyio_stt."))
    return tuple(name for name in walked if name not in here and not _is_private(name))


if __name__ == "__main__":
    known = SNAPSHOT.read_text(encoding="utf-8").splitlines()
    kept = [line for line in known if line.removeprefix("class ").startswith(_absent())]
    SNAPSHOT.write_text("\n".join(sorted({*lines(), *kept})) + "\n", encoding="utf-8")
