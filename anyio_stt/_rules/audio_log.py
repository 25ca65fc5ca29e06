"""
The audio of a stream: what finals cover, what may have to be heard again, what waits.

    dropped | covered | read: packed, then the newest item by item | waiting
                      ^ history                                    ^ cursor

Positions are samples of one channel, counted from the first sample of the stream.
"""

from __future__ import annotations

from typing import Final

from ..audio.cutting import FrameCutter
from ..audio.frame import AudioFrame, join_frames

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

    Reading moves a cursor; `rewind` puts what was read back before it. When too much was read
    that no final covers, the oldest goes first. That is a loss only if an attempt fails before
    a final covers it, so it is `rewind` that reports it.

    What was read is packed into long frames: a thousand streams keep thousands of objects for
    the garbage collector then, not millions.
    """

    __slots__ = (
        "_history",
        "_history_start",
        "_markers",
        "_packed",
        "_rewound_at",
        "covered",
        "cursor",
        "items",
        "limit",
        "pack_size",
        "position",
        "trim_at",
    )

    def __init__(self, limit: float = 0, pack_size: int = 0) -> None:
        self.limit = limit
        self.pack_size = pack_size
        """Samples that are packed into one frame."""
        self.items: list[AudioFrame | Marker] = []
        """What waits, from the cursor on; append to it what comes in."""
        self.cursor = 0
        """The index of the next item to read; at the end of the list there is none."""
        self.position = 0
        """Where the present attempt has read to: a reader adds what it takes."""
        self.covered = 0
        """Where finals reach to."""
        self.trim_at = 0
        """The position past which a reader calls `trim`."""
        self._rewound_at = 0
        self._history: list[AudioFrame | Marker] = []
        self._history_start = 0
        self._packed = 0  # index of the oldest item that is not in the history yet
        self._markers = 0  # in the items that are not in the history yet

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
        self.items.append(MARKER)
        self._markers += 1

    def trim(self) -> None:
        """Pack what was read and let go of what is too old; readers call it past `trim_at`."""
        self._pack()
        self._drop_before(max(self.covered, self.horizon))
        self.trim_at = self.position + self.pack_size
        if self.cursor >= _COMPACT and self.cursor * 2 >= len(self.items):
            del self.items[: self.cursor]
            self.cursor = self._packed = 0

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
        self._pack()
        self._drop_before(origin)
        again = self._history.copy()
        if again and isinstance(again[0], AudioFrame):
            again[0] = again[0].slice(origin - self._history_start)
        self.items[: self.cursor] = again
        self._markers += sum(isinstance(item, Marker) for item in again)
        self._history.clear()
        self._history_start = self.position = self.trim_at = origin
        self.cursor = self._packed = 0
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

    def clear(self) -> None:
        """Let go of all audio; positions stay."""
        self.items.clear()
        self._history.clear()
        self.cursor = self._packed = 0

    def _pack(self) -> None:
        """Move what was read since the last time to the history, joined."""
        read = self.items[self._packed : self.cursor]
        self.items[self._packed : self.cursor] = [MARKER] * len(read)  # lets go of the audio
        self._packed = self.cursor
        # All of it is audio unless a marker is counted.
        run: list[AudioFrame] = read  # type: ignore[assignment]
        if self._markers:
            run = []
            for item in read:
                if isinstance(item, AudioFrame):
                    run.append(item)
                    continue
                self._remember(run)
                self._history.append(item)
                self._markers -= 1
                run = []
        self._remember(run)

    def _remember(self, run: list[AudioFrame]) -> None:
        if run:
            self._history.append(join_frames(run))

    def _drop_before(self, position: int) -> None:
        """Drop from the history what ends at *position* or before."""
        dropped = 0
        for item in self._history:
            end = self._history_start + item.samples_per_channel
            if end > position:
                break
            self._history_start = end
            dropped += 1
        del self._history[:dropped]
