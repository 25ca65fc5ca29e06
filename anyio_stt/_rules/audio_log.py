"""
The audio of a stream: what finals cover, what may have to be heard again, what waits.

    dropped | covered | read: packed, then the newest item by item | waiting
                      ^ history                                    ^ cursor

Positions are samples of one channel, counted from the first sample of the stream.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from operator import length_hint
from typing import Any, Final

from ..audio.cutting import FrameCutter
from ..audio.frame import SAMPLE_BYTES, AudioFrame

__all__ = ("MARKER", "AudioLog", "Marker")

_COMPACT = 256
_LENT = 50  # frames; a second of the usual ones

_NOTHING: Iterator[AudioFrame] = iter(())


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

    Reading moves a cursor; `rewind` puts what was read back before it. When too much was read
    that no final covers, the oldest goes first. That is a loss only if an attempt fails before
    a final covers it, so it is `rewind` that reports it.

    A reader moves the cursor itself and leaves the bare samples behind, unless that brings
    `reached` past `gate`: then it calls `take`. What waits together is lent together: it counts
    as reached at once, and `recall` takes back what was not read of it.

    What was read is bytes, packed each second: the garbage collector counts next to nothing
    while a thousand streams are heard, and has few objects to look at.
    """

    __slots__ = (
        "_format",
        "_history",
        "_history_ends",
        "_history_start",
        "_lent",
        "_marks",
        "_marks_read",
        "_packed",
        "_rewound_at",
        "_trim_at",
        "covered",
        "cursor",
        "gate",
        "items",
        "limit",
        "pack_size",
        "reached",
    )

    def __init__(self, limit: float = 0, pack_size: int = 0) -> None:
        self.limit = limit
        self.pack_size = pack_size
        """Samples that are packed into one frame."""
        self.items: list[Any] = []
        """What waits, frames and markers, from the cursor on; append to it what comes in. Before
        the cursor are the samples, as bytes, of what was read and is not packed yet."""
        self.cursor = 0
        """The index of the next item to read; at the end of the list there is none."""
        self.reached = 0
        """Where the present attempt has read to, what is lent included; readers move it on."""
        self.covered = 0
        """Where finals reach to."""
        self.gate = 0
        """How far a reader may read on without calling `take`."""
        self._format = (0, 1)  # the frames' sample rate and channels
        self._trim_at = 0
        self._lent: Iterator[AudioFrame | Marker] = _NOTHING
        self._rewound_at = 0
        self._history: list[tuple[bytes, ...] | Marker] = []
        self._history_ends: list[int] = []  # the positions where they end
        self._history_start = 0
        self._packed = 0  # index of the oldest item that is not in the history yet
        self._marks: list[int] = []  # the indices of markers that wait
        self._marks_read = 0  # markers among what is not packed yet

    @property
    def position(self) -> int:
        """Where the present attempt has read to."""
        unread = length_hint(self._lent)
        if not unread:
            return self.reached
        return self.reached - self._length(self.items[self.cursor - unread : self.cursor])

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

    def mark(self) -> None:
        """Add a marker behind the audio."""
        self._marks.append(len(self.items))
        self.items.append(MARKER)
        self.gate = -1

    def take(self, item: AudioFrame | Marker) -> bool:
        """Note that *item*, the next one, was read; return whether it was time to pack."""
        if isinstance(item, Marker):
            self._marks.pop(0)
            self._marks_read += 1
        else:
            self.items[self.cursor] = item.pcm
            self._note_format(item)
            self.reached += item.samples_per_channel
        self.cursor += 1
        trim = self.reached > self._trim_at
        if trim:
            self._trim()
        # After a marker the reader wants to know of the next audio, too.
        self.gate = -1 if item is MARKER or self._marks else self._trim_at
        return trim

    def lend(self) -> Iterator[AudioFrame | Marker]:
        """Give away what else waits before the next marker, a second of it or so."""
        start = self.cursor
        stop = start + _LENT
        lent = self.items[start : min(stop, self._marks[0]) if self._marks else stop]
        if lent:
            self._note_format(lent[0])  # a marker may have been read before any audio
            left = self.items[start : start + len(lent)] = [frame.pcm for frame in lent]
            self.cursor += len(lent)
            self.reached += self._length(left)
        self._lent = iter(lent) if lent else _NOTHING
        return self._lent

    def recall(self) -> None:
        """Take back what was lent and not read."""
        self.reached = self.position
        unread = list(self._lent)  # whoever has it finds nothing more in it
        self.items[self.cursor - len(unread) : self.cursor] = unread
        self.cursor -= len(unread)

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
        self.recall()
        self._rewound_at = self.furthest
        origin = max(self.covered, self.horizon)
        lost, self.covered = origin - self.covered, origin
        self._pack()
        self._drop_before(origin)
        again = [each if isinstance(each, Marker) else self._frame(each) for each in self._history]
        if again and isinstance(again[0], AudioFrame):
            again[0] = again[0].slice(origin - self._history_start)
        self.items[: self.cursor] = again
        self._history.clear()
        self._history_ends.clear()
        self._history_start = self.reached = self._trim_at = origin
        self.cursor = self._packed = 0
        self._find_marks()
        self.gate = -1
        return origin, lost

    def recut(self, cutter: FrameCutter) -> None:
        """Cut anew what waits, for an attempt that begins inside a frame."""
        waiting = self.items[self.cursor :]
        held = cutter.flush()
        if held is not None:
            waiting.append(held)
        pieces: list[AudioFrame | Marker] = []
        for item in waiting:
            if isinstance(item, AudioFrame):
                pieces.extend(cutter.push(item))
                continue
            rest = cutter.flush()
            pieces.extend([item] if rest is None else [rest, item])
        self.items[self.cursor :] = pieces
        self._find_marks()

    def clear(self) -> None:
        """Let go of all audio; positions stay."""
        self.recall()
        self.items.clear()
        self._history.clear()
        self._history_ends.clear()
        self._marks.clear()
        self.cursor = self._packed = 0

    def _trim(self) -> None:
        """Pack what was read, and let go of what is too old."""
        self._pack()
        self._drop_before(max(self.covered, self.horizon))
        self._trim_at = self.reached + self.pack_size
        if self.cursor >= _COMPACT and self.cursor * 2 >= len(self.items):
            del self.items[: self.cursor]
            self._marks = [index - self.cursor for index in self._marks]
            self.cursor = self._packed = 0

    def _find_marks(self) -> None:
        waiting = range(self.cursor, len(self.items))
        self._marks = [index for index in waiting if self.items[index] is MARKER]

    def _pack(self) -> None:
        """Move what was read since the last time to the history."""
        read = self.items[self._packed : self.cursor]
        self.items[self._packed : self.cursor] = [b""] * len(read)  # lets go of the audio
        self._packed = self.cursor
        if self._marks_read:
            self._marks_read, run = 0, []
            for item in read:
                if item is not MARKER:
                    run.append(item)
                    continue
                end = self._history_end + self._length(run)
                self._remember(run, end)
                self._history.append(MARKER)
                self._history_ends.append(end)
                run = []
            read = run
        self._remember(read, self.reached)

    def _remember(self, run: list[bytes], end: int) -> None:
        if run:
            self._history.append(tuple(run))
            self._history_ends.append(end)

    @property
    def _history_end(self) -> int:
        return self._history_ends[-1] if self._history_ends else self._history_start

    def _note_format(self, frame: AudioFrame) -> None:
        self._format = (frame.sample_rate, frame.num_channels)

    def _length(self, run: list[bytes]) -> int:
        return sum(map(len, run)) // (SAMPLE_BYTES * self._format[1])

    def _frame(self, run: tuple[bytes, ...]) -> AudioFrame:
        pcm, (rate, channels) = b"".join(run), self._format
        return AudioFrame(pcm, rate, channels, len(pcm) // (SAMPLE_BYTES * channels))

    def _drop_before(self, position: int) -> None:
        """Drop from the history what ends at *position* or before."""
        dropped = bisect_right(self._history_ends, position)
        if dropped:
            self._history_start = self._history_ends[dropped - 1]
            del self._history[:dropped], self._history_ends[:dropped]
