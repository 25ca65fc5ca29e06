"""
Engines by name: found by entry point, imported when used.

A package adds an engine by naming its class in its own metadata:

    [project.entry-points."anyio_stt.engines"]
    name = "package.module:ClassOfSTT"
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from anyio_stt.options import STTCapabilities
from anyio_stt.stt import STT

__all__ = (
    "EngineDescription",
    "default_engine",
    "default_engine_name",
    "describe_engines",
    "engine_names",
    "load_engine",
)

_GROUP = "anyio_stt.engines"
_OFFLINE = ("sherpa", "whisper", "pocketsphinx")  # the best first


@dataclass(frozen=True)
class EngineDescription:
    """
    What is known of an engine without using it.

    Args:
        name: what it is called.
        summary: the first line of its class's documentation; empty when it cannot be imported.
        capabilities: what it can do; `None` when it cannot be made without options.
        missing: why it cannot be used here and what to install, or `None`.
    """

    name: str
    summary: str = ""
    capabilities: STTCapabilities | None = None
    missing: str | None = None


def engine_names() -> list[str]:
    """Return the names of all engines found, in order; imports none of them."""
    return sorted(_entry_points())


def load_engine(name: str) -> type[STT]:
    """
    Import the engine called *name* and return its class.

    Raises:
        LookupError: when there is no such engine; the message names those there are.
        ImportError: when something the engine needs is not installed; the message says how to
            install it.
    """
    entry_point = _entry_points().get(name)
    if entry_point is None:
        raise LookupError(f"there is no engine {name!r}; there are: {', '.join(engine_names())}")
    try:
        engine = entry_point.load()
    except ModuleNotFoundError as exc:
        raise ImportError(
            f"engine {name!r} needs {exc.name}, which is not installed: {_install(entry_point)}",
            name=exc.name,
        ) from exc
    if not (isinstance(engine, type) and issubclass(engine, STT)):
        raise ImportError(f"engine {name!r}: {entry_point.value} is not an STT class")
    return engine


def default_engine_name() -> str:
    """
    Return the name of the best offline engine that is installed and has its weights here.

    That is sherpa, else whisper, else pocketsphinx, whose weights come with it.

    Raises:
        LookupError: when there is none; says for each what is missing.
    """
    missing = []
    for name in _OFFLINE:
        try:
            load_engine(name)()  # type: ignore[call-arg]
        except (ImportError, LookupError) as exc:
            missing.append(str(exc))
        else:
            return name
    raise LookupError(f"no engine works offline here: {'; '.join(missing)}")


def default_engine() -> STT:
    """
    Make the best offline engine that works here.

    Raises:
        LookupError: as `default_engine_name` does.
    """
    return load_engine(default_engine_name())()  # type: ignore[call-arg]


def describe_engines() -> list[EngineDescription]:
    """Return what is known of every engine found; imports them all."""
    return [_describe(name) for name in engine_names()]


def _entry_points() -> dict[str, EntryPoint]:
    return {entry_point.name: entry_point for entry_point in entry_points(group=_GROUP)}


def _install(entry_point: EntryPoint) -> str:
    distribution = entry_point.dist.name if entry_point.dist is not None else "anyio-stt"
    return f"pip install '{distribution}[{entry_point.name}]'"


def _describe(name: str) -> EngineDescription:
    try:
        engine = load_engine(name)
    except ImportError as exc:
        return EngineDescription(name, missing=str(exc))
    summary = next((line for line in (engine.__doc__ or "").strip().splitlines()), "").strip()
    try:
        capabilities = engine().capabilities  # type: ignore[call-arg]
    # Some engines look for their library, or their weights, when they are made.
    except (ImportError, LookupError) as exc:
        return EngineDescription(name, summary, missing=str(exc))
    except (TypeError, ValueError):  # it needs an option, such as a key
        capabilities = None
    return EngineDescription(name, summary, capabilities)
