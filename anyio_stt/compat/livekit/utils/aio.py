"""Ending asyncio's tasks. With anyio, a task group does it."""

from __future__ import annotations

from typing import Any

import anyio

__all__ = ("cancel_and_wait", "gracefully_cancel")


async def cancel_and_wait(*tasks: Any) -> None:
    """
    Cancel asyncio's *tasks* and wait until they have ended, whatever they raise.

    Args:
        tasks: tasks or futures of asyncio.
    """
    done = anyio.Event()
    running = {task for task in tasks if not task.done()}

    def ended(task: Any) -> None:
        running.discard(task)
        if not running:
            done.set()

    for task in list(running):
        task.add_done_callback(ended)
        task.cancel()
    if running:
        await done.wait()


gracefully_cancel = cancel_and_wait
