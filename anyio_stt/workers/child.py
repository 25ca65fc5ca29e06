"""
Started by its path in a process of its own: `python child.py package.module:load`.

It makes empty packages of that module's parents, so that importing the module runs nothing but
what it needs itself.
"""

import importlib
import sys
from pathlib import Path
from types import ModuleType

__all__ = ("main",)


def main(target: str) -> None:
    """Serve with what *target*, as `package.module:name`, loads."""
    module, _, name = target.partition(":")
    for needed in (module, "anyio_stt.workers.serving"):
        _make_parents(needed.split("."))
    load = getattr(importlib.import_module(module), name)
    importlib.import_module("anyio_stt.workers.serving").main(load)


def _make_parents(parts: list[str]) -> None:
    root = Path(__file__).resolve().parents[2]
    for length in range(1, len(parts)):
        name = ".".join(parts[:length])
        folder = root.joinpath(*parts[:length])
        if name not in sys.modules and folder.is_dir():
            package = ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package


if __name__ == "__main__":
    here: str = str(Path(__file__).resolve().parent)
    if sys.path and sys.path[0] == here:  # put there by the interpreter, unless told not to
        del sys.path[0]
    main(sys.argv[1])
