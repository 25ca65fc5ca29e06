"""A long recording in pieces that are recognised side by side."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass

from ..audio.frame import AudioFrame, join_frames
from ..audio.pause_cutting import PauseCutter

PAUSE = 0.8
"""Seconds of quiet that a cut is looked for in: there every engine ends an utterance."""

_GRID = 0.48  # seconds: detectors judge frames of 30 or 32 ms, here the same as of the whole

__all__ = ("PAUSE", "Piece", "PieceCutter", "in_tenths", "lead_from")


@dataclass(frozen=True)
class Piece:
    """
    A piece of a recording, and some of what is before and behind it. Times are in seconds.

    Args:
        frame: the audio.
        start: where that begins on the recording's clock.
        first: where the piece itself begins.
        last: where it ends; infinity for the last piece.
    """

    frame: AudioFrame
    start: float
    first: float
    last: float


class PieceCutter:
    """
    Cuts frames into pieces where it is quiet, each with what surrounds it.

    Holds two pieces at most, however long the recording.

    Args:
        shortest: the fewest seconds of a piece, but for the last one.
        longest: the most, without what surrounds it.
        lead: how many seconds before a piece come with it.
        trail: how many behind it.
        start: where the audio begins on the recording's clock.
    """

    def __init__(
        self, *, shortest: float, longest: float, lead: float, trail: float, start: float
    ) -> None:
        self._cutter = PauseCutter(shortest=shortest, longest=longest, pause=PAUSE)
        self._lead = lead
        self._trail = trail
        self._position = start
        self._before: AudioFrame | None = None
        self._held: AudioFrame | None = None
        """The last piece; what is behind it has not come yet."""

    def push(self, frame: AudioFrame) -> Piece | None:
        """Take *frame*, and return a piece when it is known what is behind it."""
        cut = self._cutter.push(frame)
        return None if cut is None else self._next(cut)

    def flush(self) -> Iterator[Piece]:
        """Return what is left."""
        rest = self._cutter.flush()
        if rest is not None:
            piece = self._next(rest)
            if piece is not None:
                yield piece
        if self._held is not None:
            yield self._piece(self._held, None)
            self._held = None

    def _next(self, cut: AudioFrame) -> Piece | None:
        held, self._held = self._held, cut
        return None if held is None else self._piece(held, cut)

    def _piece(self, held: AudioFrame, behind: AudioFrame | None) -> Piece:
        rate = held.sample_rate
        parts = [held]
        first = start = self._position
        if self._before is not None:
            parts.insert(0, self._before)
            start -= self._before.duration
        if behind is not None:
            parts.append(
                behind.slice(0, min(round(self._trail * rate), behind.samples_per_channel))
            )
        self._position += held.duration
        keep = round((lead_from(self._position, self._lead, first) - first) * rate)
        self._before = held.slice(keep) if self._lead else None
        last = math.inf if behind is None else self._position
        return Piece(
            join_frames([part for part in parts if part.samples_per_channel]), start, first, last
        )


def lead_from(first: float, lead: float, earliest: float) -> float:
    """
    Return where to begin to hear a piece, in seconds.

    Args:
        first: where it begins itself.
        lead: how much is heard before, at least.
        earliest: where to begin at the earliest.
    """
    return max(math.floor((first - lead) / _GRID) * _GRID, earliest) if lead else first


async def in_tenths(frame: AudioFrame) -> AsyncGenerator[AudioFrame, None]:
    """Yield *frame* in frames of a tenth of a second."""
    size = max(frame.sample_rate // 10, 1)
    for start in range(0, frame.samples_per_channel, size):
        yield frame.slice(start, min(start + size, frame.samples_per_channel))
