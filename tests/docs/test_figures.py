"""The figures on the deployment page are those of the benchmarks' page."""

from __future__ import annotations

import re
import sys

import pytest

from tests.docs.pages import DOCS


def test_each_figure_that_is_shown_is_a_row_of_the_benchmarks() -> None:
    page = (DOCS / "guides" / "deployment.md").read_text(encoding="utf-8")
    table = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```\{figures\}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (rows,) = re.findall(r"--rows ([\d,]+)`", page.replace("\n", " "))[:1]
    found = set()
    for beginning in block.splitlines():
        (number,) = re.findall(rf"^\| (\d+) +\| {re.escape(beginning)} +\|", table, re.MULTILINE)
        found.add(int(number))
    assert sorted(found) == [int(number) for number in rows.split(",")]


def test_the_directive_shows_our_own_columns() -> None:
    sys.path.insert(0, str(DOCS / "_ext"))
    try:
        pytest.importorskip("sphinx")
        import figures  # type: ignore[import-not-found,unused-ignore]
    finally:
        sys.path.pop(0)
    row = next(each for each in figures.rows() if each["what"] == "memory of an idle stream")
    written = figures.figures(["memory of an idle stream"])
    assert row["anyio_stt-asyncio"] in written
    assert row["limit-asyncio"] not in written
