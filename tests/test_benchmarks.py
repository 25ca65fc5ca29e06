"""The benchmarks run, and their lines have the shape that others read. No time is asserted."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.contestants import CONTESTANTS
from benchmarks.rows import ROWS
from benchmarks.rows.latency import largest

pytest.importorskip("trio")
CHECKOUT = Path(__file__).resolve().parent.parent


def _run(*arguments: str) -> tuple[list[dict[str, Any]], str]:
    """Return the lines on standard output, and the report."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--here", "--json", "-", *arguments]
    made = subprocess.run(
        command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=50
    )
    assert made.returncode == 0, made.stderr
    return [json.loads(line) for line in made.stdout.splitlines()], made.stderr


def test_a_quick_run_writes_one_json_line_a_row_for_asyncio_and_trio() -> None:
    lines, _ = _run("--rows", "1,6", "--contestants", "anyio_stt-asyncio,anyio_stt-trio")
    assert [line["row"] for line in lines] == [1, 6]
    for line in lines:
        assert list(line) == ["row", "name", "unit", "lower_is_better", "contestants"]
        assert set(line["contestants"]) == {"anyio_stt-asyncio", "anyio_stt-trio"}
        assert line["lower_is_better"] is True
        assert line["unit"].startswith("us/")
        assert line["name"]
        for figures in line["contestants"].values():
            assert list(figures) == ["median", "q1", "q3"]
            assert 0 < figures["q1"] <= figures["median"] <= figures["q3"]


def test_who_could_not_be_measured_is_named_with_the_reason_in_the_report() -> None:
    (line,), report = _run("--rows", "1", "--contestants", "livekit-0.12.7")
    assert not line["contestants"]
    assert "livekit-0.12.7 was not measured in row 1: left out: --here" in report


def test_the_report_says_with_which_versions_was_measured() -> None:
    _, report = _run("--rows", "6", "--contestants", "anyio_stt-asyncio")
    assert f"- anyio_stt-asyncio: python {platform.python_version()}, anyio " in report


def test_the_contestants_have_the_names_that_others_read() -> None:
    names = [each.name for each in CONTESTANTS]
    assert names[:3] == ["anyio_stt-asyncio", "anyio_stt-uvloop", "anyio_stt-trio"]
    assert {"livekit-0.12.7", "livekit-latest", "limit-asyncio", "limit-trio", "pipecat"} <= set(
        names
    )
    assert len(set(names)) == len(names)


def test_there_is_a_workload_for_each_row_and_each_line_has_a_name_of_its_own() -> None:
    assert {row.number for row in ROWS} >= set(range(1, 13))
    lines = [line.name for row in ROWS for line in row.lines]
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize("true", [0, 100, 250, 900, 3_000, 13_500, 40_000])
async def test_how_many_streams_are_carried_is_found_to_a_tenth(true: int) -> None:
    tried = []

    async def carries(streams: int) -> bool:
        tried.append(streams)
        return streams <= true

    found = await largest(carries, 250, 32_000)
    assert found <= true
    assert found >= min(true, 32_000) - max(250, true / 9)
    assert len(tried) <= 13
