"""One recording on a cluster: whole, or its pieces on several workers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import anyio

from .cluster import ClusterEngine
from .follower import Follower
from .on_worker import Report, Task
from .opening import with_whole_path
from .pieces import lead_from
from .side_by_side import SideBySide
from .stitching import Said, Stitcher

__all__ = ("transcribe_on",)


async def transcribe_on(engine: ClusterEngine, task: Task, follower: Follower) -> Report:
    """
    Do *task* on a cluster, tell *follower* what was said, in order, and return all but that.

    Args:
        engine: the engine, on the workers.
        task: the whole of a recording; a long one is cut where it is quiet, and its pieces are
            recognised side by side.
        follower: is told finals, notes and how far it is.

    Raises:
        APIError: when every worker that took it died.
        ClusterError: when the cluster is gone.
    """
    # A worker has another working folder.
    task = replace(task, recording=with_whole_path(task.recording))
    report = await engine.run(task)
    for note in report.notes:
        follower.note(note)
    for final in report.finals:
        follower.event(final)
    if report.cuts and report.error is None:
        await _Pieces(engine, task, follower, report).run()
    return replace(report, finals=[], notes=[])


class _Pieces:
    """The pieces of one long recording; what comes of them is added to its report."""

    def __init__(
        self, engine: ClusterEngine, task: Task, follower: Follower, report: Report
    ) -> None:
        self._engine = engine
        self._task = task
        self._follower = follower
        self._report = report
        self._lead, self._trail = report.overlap
        self._stitcher = Stitcher(follower.event, lead=self._lead, trail=self._trail)
        self._begun = anyio.current_time()

    async def run(self) -> None:
        async with SideBySide(self._cut(), self._one, jobs=self._engine.places) as reports:
            async for report in reports:
                self._report.given += report.given
                self._report.lost += report.lost
                self._report.lost_ranges += report.lost_ranges
                elapsed = anyio.current_time() - self._begun
                self._follower.advance(self._report.start + self._report.given, elapsed)
                if report.error is not None:  # the words before it were told
                    self._report.error = report.error
                    return

    def _cut(self) -> Iterator[Said]:
        for first, last in pairwise([*self._report.cuts, math.inf]):
            yield self._stitcher.piece(first, last)

    async def _one(self, said: Said) -> Report:
        start = lead_from(said.first, self._lead, self._report.cuts[0])
        report = await self._engine.run(replace(self._task, piece=(start, said.last + self._trail)))
        if report.error is None:
            said.finals = report.finals
            said.done = True
            self._stitcher.advance()
        return _of_its_own(report, said, start, self._trail)


def _of_its_own(report: Report, said: Said, start: float, trail: float) -> Report:
    """Return *report* of a piece without what it has heard of its neighbours."""
    around = said.first - start + (0.0 if math.isinf(said.last) else trail)
    clipped = [(max(a, said.first), min(b, said.last)) for a, b in report.lost_ranges]
    own = [(first, last) for first, last in clipped if first < last]
    # What it could not read was found when it was cut.
    return replace(report, given=max(report.given - around, 0.0), lost_ranges=own, finals=[])
