"""A virtual environment for each contestant, made with pip and kept for the next run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from .contestants import ENVIRONMENTS

__all__ = ("CHECKOUT", "EnvironmentFailed", "python_of")

CHECKOUT = Path(__file__).resolve().parent.parent
_TIMEOUT = 600


class EnvironmentFailed(Exception):
    """pip could not make the environment; the message is what it said last."""


def python_of(name: str, *, fresh: bool = False) -> Path:
    """
    Return the interpreter of an environment, making it if need be.

    They are kept in `.benchmarks/` in the checkout, or where `ANYIO_STT_BENCHMARKS_DIR` says,
    apart for each version of Python.

    Raises:
        EnvironmentFailed: when pip fails, because a package does not support this Python, say.
    """
    home = Path(os.environ.get("ANYIO_STT_BENCHMARKS_DIR", CHECKOUT / ".benchmarks"))
    place = home / f"{name}-py{sys.version_info.major}.{sys.version_info.minor}"
    wanted = [each.format(checkout=CHECKOUT) for each in ENVIRONMENTS[name]]
    stamp, contents = place / "complete", "\n".join(wanted)
    if str(CHECKOUT) in contents:  # what our own needs may have changed
        contents += (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    if fresh or not stamp.exists() or stamp.read_text(encoding="utf-8") != contents:
        shutil.rmtree(place, ignore_errors=True)
        _make(place, wanted)
        stamp.write_text(contents, encoding="utf-8")
    return _interpreter(place)


def _interpreter(place: Path) -> Path:
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _make(place: Path, wanted: list[str]) -> None:
    print(f"making an environment with {' '.join(wanted)} ...", file=sys.stderr)
    command = [str(_interpreter(place)), "-m", "pip", "install", "--quiet", "--no-input"]
    try:
        venv.create(place, with_pip=True, symlinks=os.name != "nt")
        made = subprocess.run(
            [*command, *wanted], capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except (OSError, subprocess.SubprocessError) as exc:
        raise EnvironmentFailed(f"{type(exc).__name__}: {exc}") from exc
    if made.returncode:
        said = [line for line in made.stderr.splitlines() if "ERROR" in line] or ["pip failed"]
        raise EnvironmentFailed(said[-1].strip())
