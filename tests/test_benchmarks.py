"""The benchmarks run, and their lines have the shape that others read. No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trio")
CHECKOUT = Path(__file__).resolve().parent.parent


def _lines(*arguments: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--here", "--json", "-", *arguments]
    made = subprocess.run(
        command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=50
    )
    assert made.returncode == 0, made.stderr
    return [json.loads(line) for line in made.stdout.splitlines()]


def test_a_quick_run_writes_one_json_line_a_row_for_asyncio_and_trio() -> None:
    lines = _lines("--rows", "1,6", "--contestants", "anyio_stt-asyncio,anyio_stt-trio")
    assert [line["row"] for line in lines] == [1, 6]
    for line in lines:
        assert set(line["contestants"]) == {"anyio_stt-asyncio", "anyio_stt-trio"}
        assert line["lower_is_better"] is True
        assert line["unit"].startswith("us/")
        assert line["name"]
        assert not line["not_measured"]
        for figures in line["contestants"].values():
            assert 0 < figures["q1"] <= figures["median"] <= figures["q3"]


def test_who_could_not_be_measured_is_named_with_the_reason() -> None:
    (line,) = _lines("--rows", "1", "--contestants", "livekit-0.12.7")
    assert not line["contestants"]
    assert "--here" in line["not_measured"]["livekit-0.12.7"]
