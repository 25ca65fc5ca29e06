"""
Who is compared: ours runs in one process for each event loop, LiveKit's was recorded.

What LiveKit does in each scenario is kept in `recorded/`, so that comparing needs no LiveKit.
0.12.7 changes no more. For a newer one: change the version in `pyproject.toml`'s extra `heavy`,
install that, and run `python -m tests.parity record`; `python -m tests.parity` then shows what is
different. A heavy test fails when the recording is not what the installed LiveKit does.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ("LIVEKIT", "Seen", "livekit_seen", "ours_seen", "record", "run_scenarios")

CHECKOUT = Path(__file__).resolve().parents[2]
RECORDED = Path(__file__).resolve().parent / "recorded"
LIVEKIT = ("0.12.7", "newest")
_TIMEOUT = 100

Seen = dict[str, dict[str, Any]]


@functools.cache
def livekit_seen(version: str) -> Seen:
    """Return what LiveKit did in each scenario when it was recorded."""
    seen: Seen = json.loads((RECORDED / f"{version}.json").read_text(encoding="utf-8"))["seen"]
    return seen


@functools.cache
def ours_seen(backend: str) -> Seen:
    """Return what this library does in each scenario on *backend*."""
    seen: Seen = run_scenarios(backend, "anyio_stt")["seen"]
    return seen


def record(version: str = "newest") -> None:
    """Write down what the LiveKit that is installed beside this library does."""
    made = run_scenarios("asyncio", "livekit")
    text = json.dumps(made, indent=1, sort_keys=True) + "\n"
    (RECORDED / f"{version}.json").write_text(text, encoding="utf-8")


def run_scenarios(backend: str, subject: str) -> dict[str, Any]:
    """Run every scenario in a process of its own; return the version and what was seen."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.parity.scenarios", backend],
        cwd=CHECKOUT,
        env={**os.environ, "PARITY_SUBJECT": subject},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"the scenarios broke on {subject} with {backend}: {made.stderr}")
    result: dict[str, Any] = json.loads(made.stdout)
    return result
