"""Engines of the quick recogniser, in threads and in processes, and who kills the processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import numpy as np

from anyio_stt import AudioFrame, STTCapabilities
from anyio_stt.workers.in_thread import ThreadPool
from anyio_stt.workers.pool import WorkerPool
from anyio_stt.workers.process import WorkerProcess, command_for
from anyio_stt.workers.stt import LocalSTT
from anyio_stt.workers.wire import Kind, Message

__all__ = ("FakeSTT", "IsolatedSTT", "kill_workers", "loud", "running_workers")


class FakeSTT(LocalSTT):
    def __init__(self, load: Callable[[], Any], *, threads: int = 2, interims: bool = True) -> None:
        super().__init__(
            capabilities=STTCapabilities(streaming=True, interim_results=interims),
            pool=ThreadPool("fake", load, threads),
            interims=interims,
        )

    def _checked_language(self, language: str | None) -> str:
        return language or "xx"


class IsolatedSTT(LocalSTT):
    def __init__(self, max_workers: int = 2, *, turn_timeout: float = 5.0) -> None:
        super().__init__(
            capabilities=STTCapabilities(streaming=True, interim_results=False),
            pool=WorkerPool("fake", self._start, max_workers, turn_timeout),
            interims=False,
        )

    def _checked_language(self, language: str | None) -> str:
        return language or "xx"

    async def _start(self) -> WorkerProcess:
        setup = Message(Kind.SETUP, fields={"endpointing": {}})
        command = command_for("tests.workers.fake:load")
        return await WorkerProcess.start("fake", setup, 10.0, command)


def loud(seconds: float) -> AudioFrame:
    return AudioFrame.from_array(np.full(round(seconds * 16000), 1000, np.int16), 16000)


def running_workers() -> list[int]:
    """Return the worker processes that this process has started and not buried."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/stat") as stat:
                    fields = stat.read().rpartition(")")[2].split()
                with open(f"/proc/{entry.name}/cmdline") as command:
                    ours = "child.py" in command.read()
            except OSError:
                continue
            if ours and fields[0] != "Z" and int(fields[1]) == os.getpid():
                found.append(int(entry.name))
    return found


def kill_workers() -> int:
    """Kill them all, and return how many that were."""
    running = running_workers()
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    return len(running)
