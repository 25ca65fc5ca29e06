"""What an engine's usage reports say about audio that was not counted before."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("UsageLedger",)


@dataclass(slots=True, eq=False)
class UsageLedger:
    """
    Counts each second of audio once, however often it is heard.

    An attempt's reports add up to a position in the stream; what lies before the furthest
    position that any attempt reported was counted already.
    """

    reported: bool = False
    _furthest: float = 0.0
    _position: float = 0.0

    def begin_attempt(self, origin: float, lost: float) -> None:
        """
        Note that reports count from a new position.

        Args:
            origin: where the attempt's first sample lies, in seconds.
            lost: how many of the seconds before that nobody will recognise.
        """
        self._position = origin
        self._furthest = max(self._furthest, min(origin, self._furthest + lost))

    def report(self, seconds: float) -> tuple[float, float]:
        """Take one report; return its seconds as (new, heard before)."""
        self.reported = True
        start, self._position = self._position, self._position + seconds
        if start == self._furthest:  # the usual case, kept free of rounding
            self._furthest = self._position
            return seconds, 0.0
        new = max(0.0, self._position - self._furthest)
        self._furthest = max(self._furthest, self._position)
        return new, max(0.0, seconds - new)
