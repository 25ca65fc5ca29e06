"""Ending at once, and cleanly, on Ctrl-C."""

from __future__ import annotations

import signal
import sys
from collections.abc import Awaitable, Callable

import anyio
import anyio.abc

__all__ = ("run_until_interrupted",)


async def run_until_interrupted(
    main: Callable[[], Awaitable[int]], gently: Callable[[], bool] | None = None
) -> int:
    """
    Run *main* and return its exit code, or 128 and the signal's number when one ended it.

    SIGINT and SIGTERM cancel *main*, so that it cleans up as after any other cancellation; a
    second one finds the interpreter's own handlers. What *main* raises is raised as it is.
    The first SIGINT calls *gently*, and if that is true *main* ends by itself.
    """
    code, error = 1, None
    received: list[int] = []
    async with anyio.create_task_group() as tg:
        await tg.start(_cancel_on_signal, tg.cancel_scope, received, gently)
        try:
            code = await main()
        except Exception as exc:  # noqa: BLE001 - raised again, out of the group
            error = exc
        tg.cancel_scope.cancel()
    if received:
        return 128 + received[0]
    if error is not None:
        raise error
    return code


async def _cancel_on_signal(
    scope: anyio.CancelScope,
    received: list[int],
    gently: Callable[[], bool] | None,
    *,
    task_status: anyio.abc.TaskStatus[None],
) -> None:
    if sys.platform == "win32":  # asyncio has no signal handlers there: KeyboardInterrupt comes
        task_status.started()
        return
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            if number == signal.SIGINT and gently is not None and gently():
                gently = None
                continue
            received.append(number)
            scope.cancel()
            return
