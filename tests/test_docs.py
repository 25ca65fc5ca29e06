"""The Python in the guides is run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
CODE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def code_of(name: str) -> list[str]:
    return CODE.findall((DOCS / name).read_text(encoding="utf-8"))


BLOCKS = [
    pytest.param(code, expected, id=f"{name}-{number}")
    for name, outputs in {
        "adapters.md": [r"^\d+\.\d-\d+\.\d s: \w+ \w+", r"^$"],
        "guides/turns.md": [
            r"^stop speaking\nstart to think about: \w.*\n(never mind\n)?answer: \w+ \w+",
            r"^answer: \w+ \w+.*\nanswer: \w+",
        ],
        "vad.md": [r"^speech from \d+\.\d s\nuntil \d+\.\d s"],
    }.items()
    for number, (code, expected) in enumerate(
        zip(
            re.findall(
                r"^```python\n(.*?)^```", (DOCS / name).read_text("utf-8"), re.DOTALL | re.MULTILINE
            ),
            outputs,
            strict=True,
        )
    )
]


@pytest.mark.parametrize(("code", "expected"), BLOCKS)
def test_the_guides_code_does_what_it_says(code: str, expected: str) -> None:
    pytest.importorskip("pocketsphinx")

    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True, text=True, timeout=55, check=False,
    )  # fmt: skip

    assert result.stderr == ""
    assert result.returncode == 0
    assert re.search(expected, result.stdout)
