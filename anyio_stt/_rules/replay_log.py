"""What an engine has read and nothing has answered yet: the next attempt hears it again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, final

from ..audio.cutting import FrameCutter
from ..audio.frame import SAMPLE_BYTES, AudioFrame

__all__ = ("MARKER", "Item", "Marker", "ReplayLog", "recut")


@final
class Marker:
    """Stands in the audio where a segment ends."""

    def __repr__(self) -> str:
        return "<flush marker>"


MARKER: Final = Marker()
Item: TypeAlias = AudioFrame | Marker


@dataclass(slots=True, eq=False)
class ReplayLog:
    """
    Keeps what was read until it is covered, and no more than *limit* samples of it.

    When more was read than that, the oldest goes first. That is a loss only if an attempt fails
    before it is covered, so it is `rewind` that reports it. Positions are samples of one channel
    from the first of the stream. What is kept is bytes: the garbage collector counts none of
    them, while a thousand streams are heard. Who judges what was heard may ask that `behind`
    samples are kept before what is covered, or before `hold` where that lies further back.
    """

    limit: float = 0
    items: list[bytes | Marker] = field(default_factory=list)
    """What was read, as samples; a reader appends to it and moves `position` on."""
    position: int = 0
    """Where the present attempt has read to."""
    covered: int = 0
    """Where answers reach to."""
    behind: int = 0
    hold: float = math.inf
    _start: int = 0  # the position of the first item
    _origin: int = 0  # where the present attempt began
    rewound_at: int = 0
    _replayed: int = 0  # by the attempts before
    _read_mark: float = math.inf
    _on_read_mark: Callable[[], None] = lambda: None

    @property
    def furthest(self) -> int:
        """Where any attempt has read to."""
        return max(self.position, self.rewound_at)

    @property
    def replayed(self) -> int:
        """How much attempts have read that one before them had read too."""
        return self._replayed + max(0, min(self.position, self.rewound_at) - self._origin)

    @property
    def horizon(self) -> int:
        """Where the audio begins that is kept at the most."""
        return int(max(0, self.furthest - self.limit))

    def cover(self, position: int) -> None:
        """Note that everything before *position* was answered."""
        if position > self.covered:
            self.covered = min(position, self.furthest)

    def trim(self, channels: int) -> None:
        """Let go of what is covered or too old."""
        needed = max(min(self.covered, self.hold), self.horizon) - self.behind
        self._trim(needed, SAMPLE_BYTES * channels)

    def _trim(self, keep_from: float, size: int) -> None:
        start, count = self._start, 0
        for item in self.items:
            end = start if type(item) is Marker else start + len(item) // size
            if end > keep_from:
                break
            start, count = end, count + 1
        self._start = start
        del self.items[:count]

    def before(self, position: int, samples: int, channels: int) -> bytes:
        """Return up to so many *samples* that were read before *position*, as they are kept."""
        first, at, size = position - samples, self._start, SAMPLE_BYTES * channels
        pieces: list[bytes] = []
        for item in self.items:
            if isinstance(item, Marker):
                continue
            start, at = at, at + len(item) // size
            if at > first and start < position:
                pieces.append(item[max(0, first - start) * size : (position - start) * size])
        return b"".join(pieces)

    def tell_read(self, position: float, tell: Callable[[], None]) -> None:
        """Have `note_read` call *tell* once *position* was read; the latest call counts."""
        self._read_mark, self._on_read_mark = position, tell

    def note_read(self, rate: int) -> float:
        """Take note of a read, and return from where on the next is of interest."""
        if self.position >= self._read_mark:
            self._read_mark = math.inf
            self._on_read_mark()
        return self.position + rate if self._read_mark == math.inf else -1

    def rewind(
        self, sample_rate: int, channels: int, refused: Sequence[tuple[int, int]] = ()
    ) -> tuple[int, int, list[Item]]:
        """
        Go back to the first sample that is not covered: return (its position, lost, what follows).

        What was lost, in samples, is uncovered audio that is kept no longer; it counts as
        covered from now on. What follows is in the frames it was read in, the first one cut;
        what lies in the ranges *refused* is silence.
        """
        self._trim(max(self.covered, self.horizon), SAMPLE_BYTES * channels)
        # Answers may reach further than this attempt has read: past what one before it gave up.
        origin = min(max(self.covered, self.horizon), self.position)
        lost = max(0, origin - self.covered)
        self.covered += lost
        at, again, size = self._start, list[Item](), SAMPLE_BYTES * channels
        for item in self.items:
            if isinstance(item, Marker):
                again.append(item)
                continue
            start, at = at, at + len(item) // size
            pcm = _silenced(item, start, size, refused)[max(0, origin - start) * size :]
            again.append(AudioFrame(pcm, sample_rate, channels, len(pcm) // size))
        self._replayed, self.rewound_at = self.replayed, self.furthest
        self.items.clear()
        self.position = self._start = self._origin = origin
        return origin, lost, again

    def clear(self) -> None:
        """Let go of all audio, unless somebody still judges it; positions stay."""
        if not self.behind and self.hold == math.inf:
            self.items.clear()
            self._start = self.position


def _silenced(pcm: bytes, start: int, size: int, ranges: Sequence[tuple[int, int]]) -> bytes:
    for first, last in ranges:
        begin = max(0, first - start) * size
        end = min(len(pcm), max(0, last - start) * size)
        if begin < end:
            pcm = pcm[:begin] + bytes(end - begin) + pcm[end:]
    return pcm


def recut(items: list[Item], cutter: FrameCutter) -> list[Item]:
    """Cut anew what waits, for an attempt that begins inside a frame."""
    held = cutter.flush()
    pieces: list[Item] = []
    for item in items if held is None else [*items, held]:
        if isinstance(item, AudioFrame):
            pieces.extend(cutter.push(item))
            continue
        rest = cutter.flush()
        pieces.extend([item] if rest is None else [rest, item])
    return pieces
