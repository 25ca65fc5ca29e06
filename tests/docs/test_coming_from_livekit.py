"""The page's code is run, and its list is that of the parity tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import anyio_stt
import anyio_stt.adapters
import anyio_stt.audio
from tests.docs.pages import blocks_of
from tests.parity.differences import BOTH, DIFFERENCES, OLD, REASONS
from tests.parity.scenarios import SCENARIOS

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-livekit.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return [text for name, text in blocks_of(PAGE.name) if name == language]


def line_of(reason: str) -> str:
    """Write the row of the page's list for *reason*."""
    rows = [each for each in DIFFERENCES if each.reason == reason]
    names = {each.scenario for each in rows}
    versions = {version for each in rows for version in each.versions}
    which = "both" if versions == set(BOTH) else "0.12.7" if versions == set(OLD) else "newest"
    count = f"{len(names)} scenario{'s' if len(names) > 1 else ''}"
    return f"| {reason} | {REASONS[reason]} | {count}, {which} |"


def test_the_code_prints_what_the_page_says() -> None:
    program = "\n".join(blocks("python"))

    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    assert result.stdout == "".join(blocks("text"))


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_on_the_page(reason: str) -> None:
    assert line_of(reason) in TEXT.splitlines()


def test_the_page_lists_no_other_reason() -> None:
    listed = re.findall(r"^\| ([DS]\d+) \|", TEXT, re.MULTILINE)
    assert listed == list(REASONS)


def test_the_page_counts_the_scenarios() -> None:
    assert f"The same {len(SCENARIOS)} scenarios" in TEXT


def test_the_names_on_the_page_exist() -> None:
    table = TEXT.partition("## Names")[2].partition("## ")[0]
    for theirs, ours in re.findall(r"^\| (`.*?) \| (.*?) \|$", table, re.MULTILINE):
        for name in re.findall(r"`(?:stt|anyio_stt(?:\.\w+)*)\.(\w+)`", f"{theirs} {ours}"):
            homes = (anyio_stt, anyio_stt.adapters, anyio_stt.audio)
            assert any(hasattr(home, name) for home in homes), name
