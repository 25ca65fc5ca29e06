"""The page's code is run from top to bottom, and prints what the page says."""

from __future__ import annotations

import ast
import inspect
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from anyio_stt.testing.conformance.suite import CHECKS
from tests.docs.pages import blocks_of, line_like

PAGE = "testing-your-engine.md"


def blocks() -> list[tuple[str, str]]:
    return [block for block in blocks_of(PAGE) if block[0] != "sh"]


async def run(code: str, names: dict[str, Any]) -> str:
    printed = StringIO()
    compiled = compile(code, "docs.py", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with redirect_stdout(printed):
        result = eval(compiled, names)
        if inspect.iscoroutine(result):
            await result
    return printed.getvalue()


@pytest.mark.real_time
@pytest.mark.timeout(120)
async def test_every_block_prints_what_the_page_says() -> None:
    names: dict[str, Any] = {"__name__": "docs"}
    printed, checked = "", 0
    for language, text in blocks():
        if language == "python":
            assert not printed.strip(), f"the page does not show {printed!r}"
            printed = await run(text, names)
        else:
            assert re.fullmatch(line_like(text), printed.strip()), printed
            printed, checked = "", checked + 1
    assert checked == 5
    await names["test_the_engine_keeps_the_contract"]()


def test_the_page_lists_every_check() -> None:
    page = (Path(__file__).parents[2] / "docs" / PAGE).read_text(encoding="utf-8")
    for check in CHECKS:
        says = (check.run.__doc__ or "").strip().replace("|", "\\|")
        assert f"| {check.name} | {', '.join(check.ids)} | {says} |" in page


def test_the_engine_is_as_short_as_the_page_says() -> None:
    code = next(text for language, text in blocks() if language == "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 45
