"""
One contestant's process: `python -m benchmarks.worker NAME`.

Reads one request a line from standard input, `{"row": INDEX, "quick": BOOL}`, does that row once
and answers with one line, `{"values": [...]}`, `{"missing": WHY}` or `{"failed": TRACEBACK}`.
The first line it writes says what versions it runs.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import platform
import sys
import traceback
from typing import Any, TextIO

from .contestants import CONTESTANTS
from .kit import Kit, NotMeasured
from .rows import ROWS

__all__ = ("main",)


def _versions(kit: Kit) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in kit.packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _answer(kit: Kit, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"values": ROWS[request["row"]].measure(kit, request["quick"])}
    except NotMeasured as why:
        return {"missing": str(why)}
    except Exception as exc:
        return {"failed": traceback.format_exc(), "why": repr(exc)}


def _own_stdout() -> TextIO:
    """Keep standard output for the answers, whatever a library prints."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return answers


def main(name: str) -> None:
    answers = _own_stdout()
    contestant = next(each for each in CONTESTANTS if each.name == name)
    module = importlib.import_module(f".contestants.{contestant.module}", __package__)
    kit: Kit = module.make(contestant.argument)
    print(json.dumps(_versions(kit)), file=answers)
    for line in sys.stdin:
        print(json.dumps(_answer(kit, json.loads(line))), file=answers)


if __name__ == "__main__":
    main(sys.argv[1])
