"""The guides to engines of one's own, followed from an empty folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, follow, line_like

PAGES = {"http-engine": "httpx2", "websocket-engine": "hypercorn", "local-model": "numpy"}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("page", PAGES)
def test_whoever_follows_a_guide_sees_what_it_shows(page: str, tmp_path: Path) -> None:
    pytest.importorskip(PAGES[page])
    shown = follow(f"guides/{page}.md", tmp_path)
    assert shown
    for expected, printed in shown:
        assert re.fullmatch(line_like(expected), printed), printed


def test_every_engine_can_be_chosen() -> None:
    choosing = (DOCS / "guides" / "choosing.md").read_text(encoding="utf-8")
    table = (DOCS / "guides" / "engines.md").read_text(encoding="utf-8")
    engines = re.findall(r"^\| \[([\w-]+)\]", table, re.MULTILINE)
    assert engines
    assert [name for name in engines if f"`{name}`" not in choosing] == []
