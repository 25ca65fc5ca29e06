"""Who is compared: each runs every scenario in one process of its own, once a session."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.environments import python_of

__all__ = ("LIVEKIT", "OPT_OUT", "Seen", "left_out", "livekit_seen", "ours_seen")

CHECKOUT = Path(__file__).resolve().parents[2]
LIVEKIT = {"0.12.7": "livekit-0.12.7", "newest": "livekit-latest"}
OPT_OUT = "ANYIO_STT_WITHOUT_PARITY"
_TIMEOUT = 120

Seen = dict[str, dict[str, Any]]


def left_out() -> bool:
    """Whether somebody said, in so many words, that LiveKit is not to be installed here."""
    return bool(os.environ.get(OPT_OUT))


@functools.cache
def livekit_seen(version: str) -> Seen:
    """
    Return what LiveKit does in each scenario, from an environment made by pip and kept.

    Raises:
        EnvironmentFailed: when pip cannot make it; the message is what it said.
    """
    return _run(str(python_of(LIVEKIT[version])), "asyncio", "livekit")


@functools.cache
def ours_seen(backend: str) -> Seen:
    """Return what this library does in each scenario on *backend*."""
    return _run(sys.executable, backend, "anyio_stt")


def _run(python: str, backend: str, subject: str) -> Seen:
    made = subprocess.run(
        [python, "-m", "tests.parity.scenarios", backend],
        cwd=CHECKOUT,
        env={**os.environ, "PARITY_SUBJECT": subject},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"the scenarios broke on {subject} with {backend}: {made.stderr}")
    seen: Seen = json.loads(made.stdout)["seen"]
    return seen
