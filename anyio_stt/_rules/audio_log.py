"""
The audio of a stream as one list: covered, read, waiting.

    dropped | covered | read, to be heard again should the attempt fail | waiting
                      ^ start                                           ^ cursor

Positions are samples of one channel, counted from the first sample of the stream.
"""

from __future__ import annotations

from typing import Final

from ..audio.frame import AudioFrame

__all__ = ("MARKER", "AudioLog", "Marker")

_COMPACT = 256


class Marker:
    """Stands in the audio where a segment ends."""

    __slots__ = ("samples_per_channel",)

    def __init__(self) -> None:
        self.samples_per_channel = 0  # so that summing lengths needs no distinction

    def __repr__(self) -> str:
        return "<flush marker>"


MARKER: Final = Marker()


class AudioLog:
    """
    Keeps audio until a final covers it, and no more than *limit* samples that were read.

    Reading moves a cursor, a new attempt moves it back; nothing is copied. When too much was
    read that no final covers, the oldest goes first. That is a loss only if an attempt fails
    before a final covers it, so it is `rewind` that reports it.
    """

    __slots__ = (
        "_head",
        "_head_start",
        "_trim_at",
        "covered",
        "cursor",
        "furthest",
        "items",
        "limit",
        "position",
    )

    def __init__(self, limit: float = 0) -> None:
        self.items: list[AudioFrame | Marker] = []
        """Append to it what comes in."""
        self.cursor = 0
        """The index of the next item to read; at the end of the list there is none."""
        self._head = 0  # index of the oldest item that is kept
        self._head_start = 0  # its position
        self._trim_at = 0.0
        self.limit = limit
        self.position = 0
        """Where the present attempt has read to."""
        self.furthest = 0
        """Where any attempt has read to."""
        self.covered = 0
        """Where finals reach to."""

    @property
    def kept(self) -> int:
        """Samples that were read and would be heard again."""
        return self.furthest - max(self.covered, self.horizon)

    @property
    def horizon(self) -> int:
        """Where the audio begins that is kept at the most."""
        return max(0, int(self.furthest - min(self.limit, self.furthest)))

    def take(self) -> AudioFrame | Marker:
        """Read the next item; there must be one."""
        item = self.items[self.cursor]
        self.cursor += 1
        position = self.position = self.position + item.samples_per_channel
        if position > self.furthest:
            self.furthest = position
            if position > self._trim_at:
                self._drop_before(self.horizon)
        return item

    def cover(self, position: int) -> None:
        """Note that finals cover everything before *position*."""
        position = min(position, self.furthest)
        if position > self.covered:
            self.covered = position
            self._drop_before(position)

    def rewind(self) -> tuple[int, int]:
        """
        Go back to the first sample that no final covers, and return (its position, lost).

        What was lost, in samples, is uncovered audio that is kept no longer; it counts as
        covered from now on.
        """
        origin = max(self.covered, self.horizon)
        lost, self.covered = origin - self.covered, origin
        self._drop_before(origin)
        if self._head < len(self.items) and self._head_start < origin:
            first = self.items[self._head]
            if isinstance(first, AudioFrame):
                self.items[self._head] = first.slice(origin - self._head_start)
        self._head_start = self.position = origin
        self.cursor = self._head
        return origin, lost

    def replace_unread(self, items: list[AudioFrame | Marker]) -> None:
        """Put *items* in the place of everything that can be read now."""
        self.items[self.cursor :] = items

    def unread(self) -> list[AudioFrame | Marker]:
        """Return everything that can be read now."""
        return self.items[self.cursor :]

    def clear(self) -> None:
        """Let go of all audio; positions stay."""
        self.items.clear()
        self._head = self.cursor = 0

    def _drop_before(self, position: int) -> None:
        """Drop the items that were read and end at *position* or before."""
        items = self.items
        while self._head < self.cursor:
            end = self._head_start + items[self._head].samples_per_channel
            if end > position:
                break
            self._head_start = end
            items[self._head] = MARKER  # lets go of the audio before the list is compacted
            self._head += 1
        self._trim_at = self._next_trim()
        if self._head >= _COMPACT:
            del items[: self._head]
            self.cursor -= self._head
            self._head = 0

    def _next_trim(self) -> float:
        if self._head >= len(self.items):
            return self._head_start + self.limit
        return self._head_start + self.items[self._head].samples_per_channel + self.limit
