"""The directive `{drawn}`: puts a picture or table of `drawing` on a page, by its name."""

from __future__ import annotations

from typing import Any

import drawing
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx


class Drawn(Directive):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        draw = getattr(drawing, self.arguments[0].replace("-", "_"))
        return [nodes.raw("", draw(), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("drawn", Drawn)
    return {"parallel_read_safe": True}
