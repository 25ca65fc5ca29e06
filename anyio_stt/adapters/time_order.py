"""Finals of several channels, put in the order they were spoken, without waiting for ever."""

from __future__ import annotations

import math
from heapq import heappop, heappush

from ..events import SpeechEvent

__all__ = ("TimeOrder",)


class TimeOrder:
    """
    Holds the finals of channels until none that began earlier can come. Times are passed in.

    A channel is settled up to where its finals, and the silence it reported, reach: what it
    says later begins later. So a final may go once every other channel is settled up to where
    it began, and goes after *longest* seconds in any case, the ones that began before it first.
    Finals are put in order by where they began, as one reads a dialogue; by where they end
    would make the answer to a question come before a question that went on.

    Args:
        channels: how many there are.
        longest: the most seconds that a final is held.
    """

    def __init__(self, channels: int, longest: float) -> None:
        self._settled = [0.0] * channels
        self._longest = longest
        self._held: list[tuple[float, int, float, int, SpeechEvent]] = []
        self._count = 0  # keeps those that began together in the order they came

    @property
    def deadline(self) -> float:
        """When the next final goes, whatever the channels say; infinity when none is held."""
        return min((expires for _, _, expires, _, _ in self._held), default=math.inf)

    def hold(self, channel: int, final: SpeechEvent, now: float) -> None:
        """Take *final*, which *channel* said at *now*."""
        start = end = self._settled[channel]
        if final.alternatives:  # the times of an engine without a clock are 0
            start = max(start, final.alternatives[0].start_time)
            end = max(start, final.alternatives[0].end_time)
        self._count += 1
        heappush(self._held, (start, self._count, now + self._longest, channel, final))
        self.settle(channel, end)

    def holds(self, channel: int) -> bool:
        """Whether a final of *channel* is held."""
        return any(each == channel for _, _, _, each, _ in self._held)

    def settle(self, channel: int, until: float) -> None:
        """Note that nothing *channel* says from now on begins before *until*."""
        self._settled[channel] = max(self._settled[channel], until)

    def take(self, now: float) -> list[SpeechEvent]:
        """Return what may go at *now*, in order, and hold it no more."""
        ready: list[SpeechEvent] = []
        while self._held and (self._is_next() or self.deadline <= now):
            ready.append(heappop(self._held)[-1])
        return ready

    def _is_next(self) -> bool:
        start, _, _, channel, _ = self._held[0]
        return all(until >= start for other, until in enumerate(self._settled) if other != channel)
