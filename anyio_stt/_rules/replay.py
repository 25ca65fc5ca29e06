"""
Which audio an engine has read and no final covers yet.

Positions are samples of one channel, counted from the first sample of the stream.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from ..audio.frame import AudioFrame

__all__ = ("MARKER", "Marker", "Replay", "ReplayWindow")


class Marker:
    """Stands in the audio where a segment ends."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<flush marker>"


MARKER: Final = Marker()


@dataclass(frozen=True, slots=True)
class Replay:
    """
    What a new attempt hears first.

    Args:
        origin: the position of its first sample.
        items: the audio and markers from there on.
        lost: samples before *origin* that no final covers and that are kept no longer.
    """

    origin: int
    items: tuple[AudioFrame | Marker, ...]
    lost: int


class ReplayWindow:
    """
    Keeps what was read until a final covers it, and no more than *limit* samples of it.

    The oldest audio goes first. That is a loss only if an attempt fails before a final covers
    it, so it is `rewind` that reports it.
    """

    __slots__ = ("_items", "covered", "end", "limit")

    def __init__(self, limit: float) -> None:
        self._items: deque[tuple[int, AudioFrame | Marker]] = deque()  # with their end positions
        self.limit = limit
        self.covered = 0
        self.end = 0

    def record(self, item: AudioFrame | Marker) -> None:
        """Note that an engine read *item*."""
        if isinstance(item, AudioFrame):
            self.end += item.samples_per_channel
        items = self._items
        items.append((self.end, item))
        horizon = self.end - self.limit
        while items[0][0] <= horizon and len(items) > 1:
            items.popleft()

    def cover(self, position: int) -> None:
        """Note that finals cover everything before *position*."""
        position = min(position, self.end)
        if position <= self.covered:
            return
        self.covered = position
        while self._items and self._items[0][0] <= position:
            self._items.popleft()

    def rewind(self) -> Replay:
        """Return what the next attempt hears first; what has been lost counts as covered now."""
        origin = max(self.covered, self.horizon)
        lost = origin - self.covered
        self.covered = origin
        return Replay(origin, tuple(self._from(origin)), lost)

    @property
    def kept(self) -> int:
        """Samples that a new attempt would hear again."""
        return self.end - max(self.covered, self.horizon)

    @property
    def horizon(self) -> int:
        """Where the audio begins that is kept at the most."""
        return self.end if self.limit <= 0 else max(0, int(self.end - min(self.limit, self.end)))

    def _from(self, origin: int) -> list[AudioFrame | Marker]:
        found: list[AudioFrame | Marker] = []
        for end, item in self._items:
            if isinstance(item, Marker):
                if end > origin:
                    found.append(item)
            elif end > origin:
                missing = origin - (end - item.samples_per_channel)
                found.append(item.slice(missing) if missing > 0 else item)
        return found
