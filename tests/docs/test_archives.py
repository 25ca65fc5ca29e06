"""The guide to archives: its program prints what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import follow


@pytest.mark.timeout(120)
def test_whoever_follows_the_guide_sees_what_it_shows(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    shown = follow("guides/archives.md", tmp_path)
    assert len(shown) == 1
    for expected, printed in shown:
        assert printed == expected
