"""The directive `{figures}`: rows of the benchmarks' page, so that a figure is written once."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

PAGE = Path(__file__).parents[1] / "benchmarks.md"
OURS = {"anyio_stt-asyncio": "asyncio", "anyio_stt-uvloop": "uvloop", "anyio_stt-trio": "trio"}


def rows() -> list[dict[str, str]]:
    """Read the table of figures: for each row, column to cell."""
    lines = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    head = next(line for line in lines if line[0] == "row")
    return [
        dict(zip(("row", "what", *head[2:]), line, strict=True))
        for line in lines
        if line[0].isdigit()
    ]


def figures(wanted: list[str]) -> str:
    """Write the rows whose text begins with one of *wanted*, our own columns only."""
    head = "".join(f"<th>{name}</th>" for name in ("row", "", "unit", *OURS.values()))
    body = ""
    for beginning in wanted:
        (row,) = (each for each in rows() if each["what"] == beginning)
        cells = [row["row"], row["what"], row["unit"], *(row[name] for name in OURS)]
        body += "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    table = f'<table class="docutils figures"><tr>{head}</tr>{body}</table>'
    return f'<div class="table-wrapper">{table}</div>'


class Figures(Directive):
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.state.document.settings.env.note_dependency(str(PAGE))
        return [nodes.raw("", figures(list(self.content)), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("figures", Figures)
    return {"parallel_read_safe": True}
