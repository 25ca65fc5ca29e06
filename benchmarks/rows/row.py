"""What a row is: a workload, and the lines of the report that it fills."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..kit import Kit

__all__ = ("Line", "Row", "Stopwatch")


@dataclass(frozen=True)
class Line:
    """One number that a workload gives."""

    name: str
    unit: str
    lower_is_better: bool = True


@dataclass(frozen=True)
class Row:
    """
    One workload.

    Args:
        number: the row's number in the report.
        lines: names of the numbers that `measure` returns, in their order.
        measure: does the work once with a contestant; the second argument asks for little of
            it. It is called outside the event loop.
        repeat: how often at the most; rows that need long are repeated less.
        quick: whether `--quick` measures it.
    """

    number: int
    lines: tuple[Line, ...]
    measure: Callable[[Kit, bool], tuple[float, ...]]
    repeat: int = 7
    quick: bool = True


class Stopwatch:
    """
    Counts the processor time of this process, all threads, in seconds.

    Nothing it times ever waits, so on an idle machine that is the time on the wall; on a busy
    one it is still what the work costs.
    """

    def __enter__(self) -> Stopwatch:  # noqa: PYI034 - typing.Self came with 3.11
        gc.collect()
        self._started = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.process_time() - self._started

    def micros(self, count: float) -> float:
        """Return the microseconds for each of so many."""
        return self.seconds / count * 1e6


def in_loop(
    work: Callable[[Kit, bool], Awaitable[tuple[float, ...]]],
) -> Callable[[Kit, bool], tuple[float, ...]]:
    """Make a workload that runs inside the contestant's event loop."""

    def measure(kit: Kit, quick: bool) -> tuple[float, ...]:
        async def main() -> tuple[float, ...]:
            return await work(kit, quick)

        return kit.run(main)

    return measure
