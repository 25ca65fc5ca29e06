"""The guide's programs print what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import follow


@pytest.mark.heavy
@pytest.mark.timeout(200)
def test_the_programs_print_what_the_guide_shows(tmp_path: Path) -> None:
    pytest.importorskip("pipecat.services.deepgram.stt", reason="Pipecat is not installed")
    shown = follow("guides/pipecat.md", tmp_path, timeout=100)
    assert len(shown) == 2
    for expected, printed in shown:
        assert printed == expected
