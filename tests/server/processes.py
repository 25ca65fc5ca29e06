"""Waiting for programs that were started."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

PATIENCE = 90.0  # seconds; the machine may be busy


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as knocking:
        return knocking.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what: Any, name: str) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"waited {PATIENCE} s for {name}")
