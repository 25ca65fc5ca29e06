"""The guide's programs run against the servers they name, and its table is what the engines do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anyio_stt.engines import engine_names, load_engine
from tests.docs.pages import DOCS, follow

TEXT = (DOCS / "guides" / "engines.md").read_text(encoding="utf-8")
OFFLINE = (DOCS / "guides" / "offline.md").read_text(encoding="utf-8")  # needs weights
ROW = r"^\| \[([\w-]+)\]\((?:offline\.md)?#\1\) \| `\[(\w+)\]` \| `(\w+)` \|"
ROWS = re.findall(ROW, TEXT, re.MULTILINE)


@pytest.mark.timeout(120)
def test_the_programs_print_what_the_guide_shows(tmp_path: Path) -> None:
    for needed in ("pocketsphinx", "wsproto", "httpx2"):
        pytest.importorskip(needed)
    shown = follow("guides/engines.md", tmp_path)
    assert len(shown) == TEXT.count("](#")
    for expected, printed in shown:
        assert printed == expected


def test_the_table_has_every_engine() -> None:
    assert sorted(name for name, _, _ in ROWS) == engine_names()


@pytest.mark.parametrize(("name", "extra", "class_name"), ROWS)
def test_an_engines_row_names_its_class_and_an_extra(
    name: str, extra: str, class_name: str
) -> None:
    try:
        engine = load_engine(name)
    except ImportError as exc:
        pytest.skip(f"an extra is missing: {exc}")
    assert engine.__name__ == class_name
    project = (DOCS.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(rf"^{extra} = ", project, re.MULTILINE)
    assert f"## {name}\n" in TEXT + OFFLINE
