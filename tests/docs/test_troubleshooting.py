"""Each message that the page explains is one that the library says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import anyio_stt
from tests.docs.pages import DOCS

PAGE = (DOCS / "guides" / "troubleshooting.md").read_text(encoding="utf-8")
MESSAGES = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)


def texts() -> Iterator[str]:
    """Every text in the package; what stands in braces of an f-string parts it."""
    for path in Path(anyio_stt.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


SAID = "\n".join(texts())


def test_there_are_messages() -> None:
    assert len(MESSAGES) > 20


@pytest.mark.parametrize("message", MESSAGES)
def test_the_library_says_so(message: str) -> None:
    parts = [part.strip() for part in message.split("…") if part.strip()]
    assert [part for part in parts if part not in SAID] == []
