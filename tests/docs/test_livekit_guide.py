"""The guide's programs print what it shows, and its table is what the tests allow."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks_of

TEXT = (DOCS / "guides" / "livekit.md").read_text(encoding="utf-8")
PROGRAMS = [text for language, text in blocks_of("guides/livekit.md") if language == "python"]
SHOWN = [text for language, text in blocks_of("guides/livekit.md") if language == "text"]


@pytest.mark.heavy
@pytest.mark.parametrize("number", range(2))
def test_a_program_prints_what_the_guide_shows(number: int, tmp_path: Path) -> None:
    pytest.importorskip("livekit.plugins.deepgram", reason="LiveKit's plugins are not installed")
    file = tmp_path / "program.py"
    file.write_text(PROGRAMS[number], encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, str(file)],
        cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == SHOWN[number]


def test_there_are_two_programs() -> None:
    assert len(PROGRAMS) == len(SHOWN) == 2


def test_the_table_lists_the_lines_that_the_tests_let_pass() -> None:
    real_plugins = pytest.importorskip("tests.engines.livekit.real_plugins")
    rows = dict(re.findall(r"^\| ([\w, `=]+) \| (.*?) \|", TEXT, re.MULTILINE))
    for name, plugin in real_plugins.PLUGINS.items():
        row = rows["openai, `use_realtime=True`" if name == "openai-realtime" else name]
        assert set(re.findall(r"S\d+", row)) == set(plugin.breaks), name
