"""The workloads, in the order of the report."""

from __future__ import annotations

from . import (
    burst,
    chunks,
    embedded,
    events,
    import_time,
    latency,
    linearity,
    local_engines,
    memory,
    network,
    opening,
    resampling,
    rounds,
    wakeup,
)
from .row import Line, Row

__all__ = ("ROWS", "Line", "Row")

ROWS: tuple[Row, ...] = (
    *burst.ROWS,
    *wakeup.ROWS,
    *rounds.ROWS,
    *chunks.ROWS,
    *events.ROWS,
    *opening.ROWS,
    *memory.ROWS,
    *resampling.ROWS,
    *latency.ROWS,
    *import_time.ROWS,
    *embedded.ROWS,
    *local_engines.ROWS,
    *linearity.ROWS,
    *network.ROWS,
)
