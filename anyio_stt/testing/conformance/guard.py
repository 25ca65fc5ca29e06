"""A stream that ends in time whatever its engine does, so that the suite can go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from ...options import APIConnectOptions
from ...stream import RecognizeStream
from ...stt import STT
from .probe import BreakPoint, Probe

__all__ = ("guarded",)


@asynccontextmanager
async def guarded(
    stt: STT,
    options: APIConnectOptions,
    seconds: float,
    *,
    break_at: BreakPoint | None = None,
) -> AsyncIterator[tuple[RecognizeStream, Probe]]:
    """
    Open a stream of *stt*; after so many seconds its engine is never resumed again.

    It holds through cancellation from outside, which an engine may ignore.
    """
    probe = Probe(break_at)
    stream = stt.stream(conn_options=options)
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
