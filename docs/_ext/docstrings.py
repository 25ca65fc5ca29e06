"""
Our docstrings, as Sphinx wants them.

In them, `name` in single backquotes is code, or a link where the name is a public one, and what
is indented before the first section is a program or a drawing.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

import anyio_stt

SECTION = re.compile(r"(Args|Raises|Returns|Yields):$")
QUOTED = re.compile(r"(?<![`:\w])`([^`\n]+)`(?!`)")


def quoted(match: re.Match[str]) -> str:
    """Write a public name as a link to its place in the reference, anything else as code."""
    text = match[1]
    if text.split(".")[0] in anyio_stt.__all__ and re.fullmatch(r"\w+", text):
        return f":py:obj:`~anyio_stt.{text}`"
    return f"``{text}``"


def with_literal_blocks(lines: list[str]) -> list[str]:
    """Put `::` before what is indented, up to the first section."""
    done: list[str] = []
    inside = False
    for number, line in enumerate(lines):
        if SECTION.match(line):
            return done + lines[number:]
        indented = line.startswith("    ")
        if indented and not inside and (not done or not done[-1]):
            done += ["::", ""]
            inside = True
        elif line and not indented:
            inside = False
        done.append(line)
    return done


def process(app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]) -> None:
    """Rewrite *lines* in place, before napoleon reads their sections."""
    rewritten = with_literal_blocks(lines)
    literal = False
    for number, line in enumerate(rewritten):
        if line == "::":
            literal = True
        elif line and not line.startswith("    "):
            literal = False
        if not literal:
            rewritten[number] = QUOTED.sub(quoted, line)
    if what in {"attribute", "data", "property"} and rewritten:
        # napoleon takes what stands before a colon for the type: let it be nothing
        rewritten[0] = f":{rewritten[0]}"
    lines[:] = rewritten


def without_private_bases(
    app: Sphinx, name: str, obj: object, options: Any, bases: list[Any]
) -> None:
    """Show the bases that a reader may use, and no others."""
    bases[:] = [base for base in bases if not is_private(base)] or [object]


def is_private(base: Any) -> bool:
    module = getattr(base, "__module__", "")
    return "._" in module or getattr(base, "__name__", "").startswith("_")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect before napoleon, whose own priority is 500."""
    app.connect("autodoc-process-docstring", process, priority=400)
    app.connect("autodoc-process-bases", without_private_bases)
    return {"parallel_read_safe": True}
