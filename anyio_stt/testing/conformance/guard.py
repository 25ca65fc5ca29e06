"""A stream that ends in time whatever its engine does, so that the suite can go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio

from ..._core.audio_stream import AudioStream
from .probe import BreakPoint, Probe

__all__ = ("guarded",)

StreamT = TypeVar("StreamT", bound=AudioStream[Any])


@asynccontextmanager
async def guarded(
    stream: StreamT, seconds: float, *, break_at: BreakPoint | None = None
) -> AsyncIterator[tuple[StreamT, Probe]]:
    """
    Open *stream*; after so many seconds its engine is never resumed again.

    It holds through cancellation from outside, which an engine may ignore.
    """
    probe = Probe(break_at)
    probe.attach(stream)
    watch = anyio.CancelScope(shield=True)
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(_abandon_after, watch, probe, seconds)
        try:
            async with stream:
                yield stream, probe
        except Exception as exc:  # noqa: BLE001 - raised below, outside the group
            failure = exc
        finally:
            watch.cancel()
    if failure is not None:
        raise failure


async def _abandon_after(watch: anyio.CancelScope, probe: Probe, seconds: float) -> None:
    with watch:
        await anyio.sleep(seconds)
        while True:
            probe.abandon()
            await anyio.sleep(0.05)
