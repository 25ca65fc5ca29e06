"""Several processes that serve the same port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

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
    Run *command* in `settings.workers` processes, which listen on the same port.

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
    first = listen(settings)
    # Later ones listen where the first do, also where that is any free port; a unix socket has
    # one end only, so its workers share it.
    wyoming = settings.wyoming or ""
    if wyoming.startswith("tcp:"):
        host, port = wyoming.rpartition(":")[0], first[1].getsockname()[1]
        wyoming = f"{host}:{port}"
    again = replace(
        settings,
        port=first[0].getsockname()[1],
        wyoming=wyoming if wyoming.startswith("tcp:") else None,
        announce=False,
    )
    sockets = [first]
    try:
        shared = [] if again.wyoming else first[1:]
        sockets += [listen(again) + shared for _ in range(settings.workers - 1)]
        numbers = [[each.fileno() for each in mine] for mine in sockets]
        return anyio.run(_supervise, command, numbers)
    finally:
        for mine in sockets:
            for each in mine:
                each.close()


async def _supervise(command: Sequence[str], descriptors: list[list[int]]) -> int:
    codes: list[int] = []
    async with anyio.create_task_group() as tasks:
        workers = [await _start(command, *each) for each in enumerate(descriptors)]
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
        stdin=subprocess.PIPE,  # its end tells a worker that we were killed
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
