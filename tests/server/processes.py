"""`anyio-stt serve` as a process, and waiting for what it does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

ENGINE = "benchmarks.server_engine:AnsweringSTT"
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


@contextmanager
def serving(
    backend: str, *more: str, engine: str = ENGINE, **environment: str
) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    port = free_port()
    command = [
        sys.executable, "-m", "anyio_stt", "serve", "--engine", engine, "--backend", backend,
        "--port", str(port), *more,
    ]  # fmt: skip
    with (
        tempfile.TemporaryFile("w+") as log,  # a pipe that nobody reads would hold it up
        subprocess.Popen(
            command, stderr=log, text=True, env={**os.environ, **environment}
        ) as server,
    ):
        try:
            wait_for(lambda: answers(port) or server.poll() is not None, "the server to listen")
            server.log = log  # type: ignore[attr-defined]
            yield port, server
        finally:
            if server.poll() is None:
                server.kill()


def end(server: subprocess.Popen[str]) -> str:
    server.send_signal(signal.SIGTERM)
    return ended(server)


def ended(server: subprocess.Popen[str]) -> str:
    """Wait for the end, and return what was logged."""
    server.wait(60)
    log: Any = server.log  # type: ignore[attr-defined]
    log.seek(0)
    errors = str(log.read())
    assert server.returncode == 0, errors
    assert "Traceback" not in errors, errors
    return errors
