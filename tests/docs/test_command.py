"""The guide to the command: its lines are run, and print what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, follow

TEXT = (DOCS / "guides" / "command.md").read_text(encoding="utf-8")


@pytest.mark.timeout(120)
def test_the_commands_print_what_the_guide_shows(tmp_path: Path) -> None:
    for needed in ("click", "pocketsphinx"):
        pytest.importorskip(needed)
    shown = follow("guides/command.md", tmp_path)
    assert len(shown) == TEXT.count("```text")
    for expected, printed in shown:
        assert printed.strip() == expected.strip()


def test_every_option_that_the_guide_names_is_there() -> None:
    transcribe = pytest.importorskip("anyio_stt.cli.transcribe").transcribe
    listen = pytest.importorskip("anyio_stt.cli.listen").listen
    engines = pytest.importorskip("anyio_stt.cli.engine_list").engines
    parameters = [*transcribe.params, *listen.params, *engines.params]
    there = {name for each in parameters for name in (*each.opts, *each.secondary_opts)}
    assert set(re.findall(r"--[a-z][a-z-]+", TEXT)) <= there
