"""When audio was pushed, so that a final can say how late it is."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field

__all__ = ("PushTimes",)

_FEW = 16
_CREDIT = 5.0  # seconds that audio may be late and then come at once
_LEAK = 2.0  # of what came at once at first, live audio has made up so much each second


@dataclass(slots=True, eq=False)
class PushTimes:
    """
    When audio was pushed.

    Reading the clock for each frame would cost more than pushing it, so marks are set half a
    second of audio apart. Audio between two marks is taken to have come at the pace it is spoken,
    and no later than the next mark: that is right to a frame for audio that comes by itself, and
    wrong by no more than the distance of the marks for any other.
    """

    # Three lists instead of one of tuples: the garbage collector counts none of their items.
    _starts: list[int] = field(default_factory=list)
    _ends: list[float] = field(default_factory=list)
    _pushed: list[float] = field(default_factory=list)
    _many: int = _FEW
    lead: float = 0.0
    """By how many seconds the audio came faster than it lasts; below 0 where it is late."""

    def mark(self, start: int, end: float, now: float, rate: float = math.inf) -> bool:
        """
        Note that the samples from *start* to *end* were pushed at *now*.

        Returns whether there are so many marks by now that `forget` is worth its time.
        """
        lasts = (end - (self._ends[-1] if self._ends else start)) / rate
        passed = now - self._pushed[-1] if self._pushed else 0.0
        self.lead = max(self.lead + lasts - _LEAK * passed, -_CREDIT)
        self._starts.append(start)
        self._ends.append(end)
        self._pushed.append(now)
        return len(self._starts) > self._many

    def forget(self, position: int) -> None:
        """Drop what is only needed for audio before *position*."""
        # One before *position* stays: it stands for the audio up to the next.
        kept = bisect_left(self._starts, position) - 1
        if kept > 0:
            del self._starts[:kept], self._ends[:kept], self._pushed[:kept]
        self._many = 2 * len(self._starts) + _FEW

    def when(self, position: int, rate: int, now: float) -> float | None:
        """
        Return when the sample before *position* was pushed, or `None` if that is forgotten.

        Args:
            position: a position in the stream.
            rate: samples a second.
            now: the present time.
        """
        after = bisect_left(self._starts, position)
        if not after:
            return None
        latest = self._pushed[after] if after < len(self._pushed) else now
        spoken = max(0.0, position - self._ends[after - 1]) / rate
        return min(latest, self._pushed[after - 1] + spoken)

    def flowed(self, start: int, end: int, since: float, rate: int, now: float) -> float:
        """
        Return for how many seconds after *since* the audio flowed, pauses not counted.

        Args:
            start: where the audio begins.
            end: where it ends.
            since: when counting begins.
            rate: samples a second.
            now: the present time.
        """
        first = bisect_left(self._starts, start)
        flowed = 0.0
        for position, pushed in zip(
            [*self._starts[first:], end], [*self._pushed[first:], now], strict=True
        ):
            when = max(pushed, since)
            flowed += min(when - since, (position - start) / rate)
            start, since = position, when
        return flowed
