"""The clock of a provider that was also given silence of ours; no input or output."""

from __future__ import annotations

from collections import deque

__all__ = ("PaddedClock",)

_MOST = 100  # gaps that are told apart; a provider speaks of the newest


class PaddedClock:
    """
    Tells a provider's time, which counts all it was sent, as the audio's.

    Args:
        start: where on the audio's clock the provider's begins.
    """

    def __init__(self, start: float) -> None:
        self._start = start
        self._pads: deque[tuple[float, float]] = deque()
        """Where the audio stood on its own clock, and how much silence was sent there."""
        self._padded = 0.0
        """Seconds of silence before those."""

    def pad(self, at: float, seconds: float) -> None:
        """Note that *seconds* of silence are sent behind the audio up to *at*."""
        if self._pads and self._pads[-1][0] == at:
            seconds += self._pads.pop()[1]
        self._pads.append((at, seconds))
        if len(self._pads) > _MOST:
            self._padded += self._pads.popleft()[1]

    def ours(self, seconds: float) -> float:
        """Return where in the audio the provider's *seconds* are."""
        time = self._start + seconds - self._padded
        for at, length in self._pads:
            if time <= at:
                break
            time = max(at, time - length)
        return time
