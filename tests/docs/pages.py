"""
What the pages have in common: their blocks of code, run as a reader would run them.

A `python` block that begins with `# name.py` is that file. The lines of a `sh` block are commands,
and a `text` block is what the block before it prints. A reader installs; the tests have what it
takes already.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(python|text|sh)\n(.*?)^```", re.DOTALL | re.MULTILINE)
INSTALLS = re.compile(r"(python3 -m venv|pip install|\. \.venv)\b")


def blocks_of(page: str) -> list[tuple[str, str]]:
    """Return the language and the text of each block of *page*, in order."""
    return [
        (match[1], match[2]) for match in BLOCK.finditer((DOCS / page).read_text(encoding="utf-8"))
    ]


def line_like(text: str) -> str:
    """Return a pattern for *text* with other numbers in it."""
    return re.sub(r"\d+", r"\\d+", re.escape(text.strip()))


def command(line: str) -> list[str]:
    """Return what *line* runs, with the Python and the scripts of this environment."""
    name, *arguments = line.replace("'", "").split()
    if name == "python":
        return [sys.executable, *arguments]
    found = shutil.which(
        name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    assert found is not None, f"{name} is not installed"
    return [found, *arguments]


def follow(page: str, folder: Path, timeout: float = 55) -> list[tuple[str, str]]:
    """Do in *folder* what *page* says; return what it shows, and what was printed."""
    shown: list[tuple[str, str]] = []
    printed = ""
    for language, text in blocks_of(page):
        if language == "text":
            shown.append((text.strip(), printed.strip()))
            printed = ""
        elif language == "python":
            name = re.match(r"# (\w+\.py)\n", text)
            assert name is not None, f"{page}: say which file this is:\n{text}"
            (folder / name[1]).write_text(text, encoding="utf-8")
        else:
            assert not printed.strip(), f"{page} does not show {printed!r}"
            printed = "".join(
                run(line, folder, timeout) for line in text.splitlines() if not INSTALLS.match(line)
            )
    assert not printed.strip(), f"{page} does not show {printed!r}"
    return shown


def run(line: str, folder: Path, timeout: float) -> str:
    # Without the weights that this machine may have: the pages show what pocketsphinx hears.
    environment = {**os.environ, "ANYIO_STT_MODELS": str(folder / "no-models")}
    ended = subprocess.run(
        command(line), cwd=folder, capture_output=True, text=True, timeout=timeout, check=False,
        env=environment,
    )  # fmt: skip
    assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}"
    unexpected = re.sub(r"\Aengine: pocketsphinx.*\n", "", ended.stderr)
    assert unexpected == "", f"{line}\n{ended.stderr}"
    return ended.stdout
