"""
Processes of Dask that start quickly: forked from one that has loaded it.

As a program it reads lines, "scheduler" or "worker ADDRESS", forks for each, and the child prints
its process id and address when it is ready.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ("Forks",)

ROOT = Path(__file__).parents[2]


class Forks:
    """
    The process that forks.

    Args:
        folder: where its children work.
    """

    def __init__(self, folder: Path) -> None:
        # A worker that dies is suspected of its tasks; one death is enough here.
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.batch.dask_forks"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def start(self, *lines: str) -> list[tuple[int, str]]:
        """Start a process for each of *lines*; return their ids and addresses when all are up."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for line in lines:
            self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        told = [self._process.stdout.readline().split() for _ in lines]
        return [(int(pid), address) for pid, address in told]

    def close(self) -> None:
        """End it; its children are killed by whoever started them."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def is_alive(pid: int) -> bool:
    """Tell whether there is a process of that id."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def _main() -> None:
    import distributed  # noqa: F401 - what takes long

    import anyio_stt.batch._engine_host
    import anyio_stt.engines.pocketsphinx  # noqa: F401
    import tests.batch.deadly  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        if os.fork() == 0:
            os.close(0)
            os.open(os.devnull, os.O_RDONLY)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                _run(*line.split())
            finally:
                os._exit(0)


def _run(kind: str, address: str = "") -> None:
    import asyncio

    import distributed

    async def serve() -> None:
        server: Any = (
            distributed.Worker(address, nthreads=1, dashboard=False)
            if kind == "worker"
            else distributed.Scheduler(host="127.0.0.1", port=0, dashboard=False)
        )
        async with server:
            os.write(1, f"{os.getpid()} {server.address}\n".encode())
            await server.finished()

    asyncio.run(serve())


if __name__ == "__main__":
    _main()
