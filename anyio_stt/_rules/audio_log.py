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
_TRIM_LATE = 1.05


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
        "_rewound_at",
        "covered",
        "cursor",
        "items",
        "limit",
        "position",
        "trim_at",
    )

    def __init__(self, limit: float = 0) -> None:
        self.items: list[AudioFrame | Marker] = []
        """Append to it what comes in."""
        self.cursor = 0
        """The index of the next item to read; at the end of the list there is none."""
        self._head = 0  # index of the oldest item that is kept
        self._head_start = 0  # its position
        self.trim_at = 0.0
        """The position past which a reader calls `trim`."""
        self.limit = limit
        self.position = 0
        """Where the present attempt has read to: a reader adds what it takes."""
        self._rewound_at = 0
        self.covered = 0
        """Where finals reach to."""

    @property
    def furthest(self) -> int:
        """Where any attempt has read to."""
        return max(self.position, self._rewound_at)

    @property
    def kept(self) -> int:
        """Samples that were read and would be heard again."""
        return self.furthest - max(self.covered, self.horizon)

    @property
    def horizon(self) -> int:
        """Where the audio begins that is kept at the most."""
        furthest = self.furthest
        return int(furthest - min(self.limit, furthest))

    def trim(self) -> None:
        """Let go of what is too old to be kept; readers call it past `trim_at`."""
        self._drop_before(self.horizon)

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
        self._rewound_at = self.furthest
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
        self.trim_at = self._next_trim()
        if self._head >= _COMPACT:
            del items[: self._head]
            self.cursor -= self._head
            self._head = 0

    def _next_trim(self) -> float:
        """Return where the next reader has to trim: a little late, and then several at once."""
        first = self.items[self._head].samples_per_channel if self._head < len(self.items) else 0
        return self._head_start + first + self.limit * _TRIM_LATE
