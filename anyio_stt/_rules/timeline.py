"""When audio was pushed, so that a final can say how late it is."""

from __future__ import annotations

from bisect import bisect_left

__all__ = ("PushTimes",)

_FEW = 16


class PushTimes:
    """
    When audio was pushed.

    One mark stands for all audio up to the next. Marks are set a tenth of a second of audio
    apart (half a second while the engine lags), because reading the clock for each frame would
    cost more than pushing it.
    """

    __slots__ = ("_many", "_marks")

    def __init__(self) -> None:
        self._marks: list[tuple[int, float]] = []
        self._many = _FEW

    def mark(self, position: int, now: float) -> bool:
        """
        Note that audio from *position* on was pushed at *now* or later.

        Returns whether there are so many marks by now that `forget` is worth its time.
        """
        self._marks.append((position, now))
        return len(self._marks) > self._many

    def forget(self, position: int) -> None:
        """Drop what is only needed for audio before *position*."""
        # One before *position* stays: it stands for the audio up to the next.
        kept = bisect_left(self._marks, (position,)) - 1
        if kept > 0:
            del self._marks[:kept]
        self._many = 2 * len(self._marks) + _FEW

    def when(self, position: int) -> float | None:
        """Return when the sample before *position* was pushed, or `None` if that is forgotten."""
        index = bisect_left(self._marks, (position,)) - 1
        return self._marks[index][1] if index >= 0 else None
