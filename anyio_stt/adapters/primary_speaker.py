"""Which of several speakers is the primary one: the one nearest to the microphone."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

__all__ = ("PrimaryDetection", "PrimarySpeaker")


@dataclass(frozen=True)
class PrimaryDetection:
    """
    How the primary speaker is found by level. Times are in seconds.

    Args:
        window: how much audio one level is measured over.
        memory: for how long levels are kept.
        smoothing: the part that a new utterance has in its speaker's level.
        switch_threshold: how much louder another must be to take over.
        decay: silence of the primary speaker after which being equally loud is enough.
        floor: the threshold never falls below this.
    """

    window: float = 0.1
    memory: float = 120.0
    smoothing: float = 0.5
    switch_threshold: float = 1.3
    decay: float = 60.0
    floor: float = 0.5


class PrimarySpeaker:
    """
    Follows the levels of speakers, and knows the primary one.

    Args:
        options: windows and thresholds.
    """

    def __init__(self, options: PrimaryDetection) -> None:
        self._options = options
        self._levels: deque[float] = deque(maxlen=max(1, round(options.memory / options.window)))
        self._count = 0  # levels ever pushed
        self._loudness: dict[str, float] = {}
        self._last_heard = 0.0
        self.primary: str | None = None

    def push_level(self, level: float) -> None:
        """Take the level of the next window."""
        self._levels.append(level)
        self._count += 1

    def hear(self, speaker: str | None, start: float, end: float) -> str | None:
        """
        Note that *speaker* spoke from *start* to *end*; return who is primary now.

        What nobody is known to have said leaves things as they are.
        """
        level = self._level(start, end)
        if speaker is None or level is None:
            return self.primary
        before = self._loudness.get(speaker)
        share = self._options.smoothing
        self._loudness[speaker] = level if before is None else share * level + (1 - share) * before
        if self.primary is None or speaker == self.primary or self._takes_over(speaker, end):
            self.primary, self._last_heard = speaker, end
        return self.primary

    def _takes_over(self, speaker: str, now: float) -> bool:
        options = self._options
        silent = min(1.0, max(0.0, now - self._last_heard) / options.decay)
        threshold = options.switch_threshold - (options.switch_threshold - 1.0) * silent
        assert self.primary is not None
        if _session(speaker) != _session(self.primary):  # whose label nobody has any more
            threshold = 1.0 / options.switch_threshold
        wanted = self._loudness[self.primary] * max(threshold, options.floor)
        return self._loudness[speaker] > wanted

    def _level(self, start: float, end: float) -> float | None:
        first = self._count - len(self._levels)
        begin = int(start / self._options.window) - first
        stop = max(begin + 1, round(end / self._options.window) - first)
        heard = list(self._levels)[max(begin, 0) : max(stop, 0)]
        return median(heard) if heard else None


def _session(speaker: str) -> str:
    """
    Return which of an engine's sessions a label is of.

    Labels are a session's own: engines name the sessions after the first, as in `S0.2`. In a
    new one the primary speaker has a new label, and is as loud as before.
    """
    name, _, session = speaker.rpartition(".")
    return session if name and session.isdigit() else ""
