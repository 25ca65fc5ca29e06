"""Several processes that serve the same sockets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import anyio
import anyio.abc

from .running import listen
from .service import logger
from .settings import Settings

__all__ = ("WORKER", "supervise")

WORKER = "ANYIO_STT_SERVER_WORKER"
"""Where a worker finds its number and its sockets: `2:5,6`."""


def supervise(settings: Settings, command: Sequence[str]) -> int:
    """
    Run *command* in `settings.workers` processes, which accept from the same sockets.

    hypercorn's own workers are told of the end by its lifespan, which comes after their
    connections are cut off; these get the signal themselves, and drain.

    Args:
        settings: where to listen.
        command: starts a worker.

    Returns:
        0 when all ended in order, else 1.

    Raises:
        SettingsError: when it cannot be started like this.
    """
    sockets = listen(settings)
    try:
        return anyio.run(_supervise, settings, command, [each.fileno() for each in sockets])
    finally:
        for each in sockets:
            each.close()


async def _supervise(settings: Settings, command: Sequence[str], descriptors: list[int]) -> int:
    codes: list[int] = []
    async with anyio.create_task_group() as tasks:
        workers = [await _start(command, number, descriptors) for number in range(settings.workers)]
        tasks.start_soon(_hand_on_signals, workers)
        async with anyio.create_task_group() as waiting:
            for worker in workers:
                waiting.start_soon(_wait, worker, workers, codes)
        tasks.cancel_scope.cancel()
    return 0 if not any(codes) else 1


async def _start(command: Sequence[str], number: int, descriptors: list[int]) -> anyio.abc.Process:
    handed = ",".join(map(str, descriptors))
    return await anyio.open_process(
        command,
        stdin=subprocess.DEVNULL,
        stdout=None,
        stderr=None,
        env={**os.environ, WORKER: f"{number}:{handed}"},
        pass_fds=descriptors,
    )


async def _wait(
    worker: anyio.abc.Process, workers: Sequence[anyio.abc.Process], codes: list[int]
) -> None:
    code = await worker.wait()
    if code and not any(codes):
        logger.error("a worker ended with %d, so the others end too", code)
        _tell(workers, signal.SIGTERM)
    codes.append(code)


async def _hand_on_signals(workers: Sequence[anyio.abc.Process]) -> None:
    if sys.platform == "win32":
        return
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            _tell(workers, signal.SIGTERM)


def _tell(workers: Sequence[anyio.abc.Process], number: signal.Signals) -> None:
    for worker in workers:
        if worker.returncode is None:
            worker.send_signal(number)
