"""Waiting until what was pushed is said."""

from __future__ import annotations

import anyio

from ..stream import RecognizeStream

__all__ = ("finalize",)

_EPSILON = 1e-3
_POLL = 0.05


async def finalize(stream: RecognizeStream, timeout: float) -> None:
    """Flush, and wait until all that was pushed is said, silent or lost."""
    stream.flush()
    pushed = stream.statistics().pushed
    with anyio.move_on_after(timeout):
        while True:
            statistics = stream.statistics()
            waiting = statistics.pending + statistics.replay
            if statistics.pushed - waiting >= pushed - _EPSILON:
                return
            await anyio.sleep(_POLL)
