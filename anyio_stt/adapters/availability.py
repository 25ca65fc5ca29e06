"""Whether a member of a fallback can be relied on: a circuit breaker that closes slowly."""

from __future__ import annotations

import math
from enum import Enum

__all__ = ("Availability", "Standing")

_PROBES = 2
"""Probes in a row that must succeed: an engine that answers now and then is not back."""

_LONGEST = 16
"""The longest wait between probes, in retry intervals."""

_SHORTEST = 0.1
"""Seconds between probes at least: somebody may want no wait between attempts, but none spins."""


class Standing(str, Enum):
    """What is known of a member."""

    UP = "up"
    DOWN = "down"
    TRYING = "trying"  # half-open: a probe is under way, nobody else makes one


class Availability:
    """
    One member's standing; times are passed in.

    A failure takes it down at once. Then it is probed, after *interval* seconds at first and
    after twice as many each time a probe fails; several successes in a row bring it up again.

    Args:
        interval: seconds until the first probe.
    """

    __slots__ = ("_failures", "_interval", "_successes", "probe_at", "standing")

    def __init__(self, interval: float) -> None:
        self._interval = max(interval, _SHORTEST)
        self._failures = 0
        self._successes = 0
        self.standing: Standing = Standing.UP
        self.probe_at: float = math.inf
        """When the next probe is due; infinity when none is."""

    @property
    def up(self) -> bool:
        """Whether to rely on it."""
        return self.standing is Standing.UP

    def due(self, now: float) -> bool:
        """Whether a probe may begin."""
        return now >= self.probe_at

    def failed(self, now: float, wait: float = 0.0) -> bool:
        """
        Note that real work, or a probe, failed; return whether that took it down.

        Args:
            now: the time.
            wait: the seconds that it asked to be left alone, if it did.
        """
        was_up = self.up
        self._failures += 1
        self._successes = 0
        self._wait(now, min(2 ** min(self._failures - 1, 16), _LONGEST))
        self.probe_at = max(self.probe_at, now + wait)
        return was_up

    def begin_probe(self) -> None:
        """Note that a probe is under way."""
        self.standing, self.probe_at = Standing.TRYING, math.inf

    def postpone(self, now: float) -> None:
        """Note that a probe could not be made, or was given up."""
        if not self.up:
            self._wait(now, 1)

    def succeeded(self, now: float) -> bool:
        """Note that real work, or a probe, succeeded; return whether that brought it up."""
        if self.up:
            self._failures = 0
            return False
        self._successes += 1
        if self._successes < _PROBES:
            self._wait(now, 1)
            return False
        self._failures = self._successes = 0
        self.standing, self.probe_at = Standing.UP, math.inf
        return True

    def _wait(self, now: float, intervals: float) -> None:
        self.standing = Standing.DOWN
        self.probe_at = now + intervals * self._interval
