"""Notices when an engine ignores that it was cancelled for missing a deadline."""

from __future__ import annotations

import math
from collections.abc import Callable

import anyio
from anyio.abc import TaskGroup

from .attempt import Attempt

__all__ = ("DeadlineWatcher",)


class DeadlineWatcher:
    """
    Watches attempts while a deadline is set for them; a task for each that has one.

    Args:
        task_group: where the task runs.
        grace: seconds that an engine gets to end after it was cancelled.
        give_up: told of an attempt that did not.
    """

    def __init__(
        self, task_group: TaskGroup, grace: float, give_up: Callable[[Attempt], None]
    ) -> None:
        self._task_group = task_group
        self._grace = grace
        self._give_up = give_up

    def watch(self, attempt: Attempt) -> None:
        """A deadline was set for *attempt*; a nearer one than before wakes who waits."""
        due = attempt.deadlines.next + self._grace
        if attempt.watcher is not None:
            attempt.watcher.deadline = min(attempt.watcher.deadline, due)
        elif not attempt.closed:
            attempt.watcher = anyio.CancelScope(deadline=due)
            self._task_group.start_soon(self._run, attempt)

    async def _run(self, attempt: Attempt) -> None:
        """Wait until no deadline is set, or the attempt has outlived one."""
        deadlines = attempt.deadlines
        while deadlines.next < math.inf and not attempt.closed:
            attempt.watcher = anyio.CancelScope(deadline=deadlines.next + self._grace)
            with attempt.watcher:
                await anyio.sleep_forever()
            late = anyio.current_time() >= deadlines.next + self._grace
            if deadlines.missed and late and not attempt.closed:
                self._give_up(attempt)
        attempt.watcher = None
