"""The tutorial, followed from its first page to its last in one empty folder."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, follow, line_like

PAGES = ["1-file", "2-microphone", "3-engine", "4-failures", "5-testing"]
OTHER_NUMBERS = {"1-file", "5-testing"}  # an engine's times, and how long tests took


@pytest.mark.heavy
@pytest.mark.timeout(300)
def test_whoever_follows_the_tutorial_sees_what_it_shows(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    shutil.copy(Path(__file__).with_name("sound_card.py"), tmp_path / "sounddevice.py")
    for name in PAGES:
        shown = follow(f"tutorial/{name}.md", tmp_path)
        assert len(shown) == (2 if name == "1-file" else 1)
        for expected, printed in shown:
            if name in OTHER_NUMBERS:
                assert re.fullmatch(line_like(expected), printed), printed
            else:
                assert printed == expected


def test_the_index_has_every_chapter_in_order() -> None:
    index = (DOCS / "tutorial" / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"^\d-\w+$", index, re.MULTILINE) == PAGES
    assert sorted(page.stem for page in (DOCS / "tutorial").glob("*-*.md")) == PAGES
