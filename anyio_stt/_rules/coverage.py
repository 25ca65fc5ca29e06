"""How far finals reach, channel by channel, and which of them say nothing new."""

from __future__ import annotations

__all__ = ("Coverage",)


class Coverage:
    """
    Where the finals of a stream end, in samples since it began.

    An engine that hears channels apart gives finals for each of them: audio is covered when
    every channel's finals have passed it.
    """

    __slots__ = ("_ends", "channels")

    def __init__(self) -> None:
        self._ends: dict[int | None, int] = {}
        self.channels = 1

    def repeats(self, position: int, channel: int | None) -> bool:
        """Whether a final that ends at *position* speaks of covered audio only."""
        return 0 < position <= self._ends.get(channel, 0)

    def extend(self, position: int, channel: int | None) -> int:
        """Note a final that ends at *position*; return how far everything is covered now."""
        self._ends[channel] = max(position, self._ends.get(channel, 0))
        if channel is None:
            return self._ends[None]
        return min(self._ends.get(each, 0) for each in range(self.channels))

    def skip(self, position: int) -> None:
        """Note that what lies before *position* is gone and will not be spoken of."""
        for channel, end in self._ends.items():
            self._ends[channel] = max(end, position)
