"""The guide's program prints what it shows, and its table is what the engines can change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anyio_stt.engines import load_engine
from tests.docs.pages import DOCS, follow

TEXT = (DOCS / "guides" / "changing.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([\w, -]+) \| (`.*?) \|$", TEXT, re.MULTILINE)


def test_the_program_prints_what_the_guide_shows(tmp_path: Path) -> None:
    pytest.importorskip("wsproto")
    ((expected, printed),) = follow("guides/changing.md", tmp_path)
    assert printed == expected


@pytest.mark.parametrize(
    ("name", "row"), [(name, row) for names, row in ROWS for name in names.split(", ")]
)
def test_the_table_says_what_an_engine_can_change(name: str, row: str) -> None:
    try:
        engine = load_engine(name)
    except ImportError as exc:
        pytest.skip(f"an extra is missing: {exc}")
    told = set(re.findall(r"`(\w+)`", row)) - {"Endpointing"}
    if name == "openai-realtime":
        told.remove("endpointing")  # another word for silence_ms
    assert told == set(engine._changeable)
