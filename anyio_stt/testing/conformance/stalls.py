"""How long the event loop stands still, and what holds it up."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

__all__ = ("Stalls", "find_stall", "measure_stalls")

_TICK = 0.01
_OVERDUE = 0.1
_LONGEST = 0.25


@dataclass(slots=True)
class Stalls:
    """
    What was measured.

    Args:
        longest: the longest pause between two passes of the loop, in seconds of real time.
        place: the line that ran meanwhile, if it could be caught.
    """

    longest: float = 0.0
    place: str = ""
    _ticked: float = 0.0

    def tick(self) -> None:
        """Note that the loop is running."""
        now = time.perf_counter()
        if self._ticked:
            self.longest = max(self.longest, now - self._ticked - _TICK)
        self._ticked = now

    def look(self, loop_thread: int) -> None:
        """Note what the loop does if it is overdue."""
        if self._ticked and time.perf_counter() - self._ticked > _OVERDUE:
            frame = sys._current_frames().get(loop_thread)  # noqa: SLF001 - made for this
            if frame is not None:
                code = frame.f_code
                name = Path(code.co_filename).name
                self.place = f" at {name}:{frame.f_lineno} in {code.co_name}"


@asynccontextmanager
async def measure_stalls() -> AsyncIterator[Stalls]:
    """Measure while the block runs."""
    stalls = Stalls()
    done = threading.Event()
    loop_thread = threading.get_ident()

    def watch() -> None:
        while not done.wait(_OVERDUE / 4):
            stalls.look(loop_thread)

    async def tick() -> None:
        while True:
            stalls.tick()
            await anyio.sleep(_TICK)

    watcher = threading.Thread(target=watch, name="watching for stalls", daemon=True)
    watcher.start()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(tick)
            yield stalls
            stalls.tick()  # the loop may have stood still until just now
            group.cancel_scope.cancel()
    finally:
        done.set()
        watcher.join()


async def find_stall(work: Callable[[], Awaitable[object]]) -> str | None:
    """
    Return how long *work* holds up the event loop, and what to do about it, or `None`.

    It is done three times: a busy machine may stall once, an engine that blocks always does.
    """
    seen = []
    for _ in range(3):
        async with measure_stalls() as stalls:
            await work()
        if stalls.longest < _LONGEST:
            return None
        seen.append(stalls)
    best = min(seen, key=lambda stalls: stalls.longest)
    return (
        f"the event loop stood still for {best.longest:.2f} s{best.place}; compute in a thread, "
        "with anyio.to_thread.run_sync and a CapacityLimiter"
    )
