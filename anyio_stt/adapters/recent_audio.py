"""The last seconds of a stream."""

from __future__ import annotations

from collections import deque

from ..audio.frame import AudioFrame

__all__ = ("RecentAudio",)

_LONGEST = 10.0
"""Seconds that are kept, and a frame more at most."""


class RecentAudio:
    """Keeps the newest audio, for probes."""

    def __init__(self) -> None:
        self._frames: deque[AudioFrame] = deque()
        self._seconds = 0.0

    @property
    def frames(self) -> list[AudioFrame]:
        """What is kept, the oldest first."""
        return list(self._frames)

    def keep(self, frame: AudioFrame) -> None:
        """Take what comes next, and forget what is too old."""
        self._frames.append(frame)
        self._seconds += frame.duration
        while self._seconds - self._frames[0].duration > _LONGEST:
            self._seconds -= self._frames.popleft().duration
