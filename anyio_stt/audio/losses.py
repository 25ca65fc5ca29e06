"""What of a recording could not be read, told as it is met and kept for the end."""

from __future__ import annotations

import logging

__all__ = ("Losses",)

_logger = logging.getLogger("anyio_stt")

_TOLD = 3  # of a recording with a thousand damaged places, the rest is a number
_KEPT = 1000
_ROUNDING = 1e-3


class Losses:
    """
    The seconds of one recording that were lost.

    Args:
        name: what the recording is called.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.ranges: list[tuple[float, float]] = []
        """Where they were, in seconds, in order; what touches is one, and the thousandth grows."""
        self._places = 0

    def add(self, start: float, end: float, what: str) -> None:
        """Note that *start* to *end* is lost, and log that the recording *what*."""
        if not (self.ranges and start <= self.ranges[-1][1] + _ROUNDING):
            self._places += 1
            if self._places <= _TOLD:
                _logger.warning("%s %s", self.name, what)
            if len(self.ranges) < _KEPT:
                self.ranges.append((start, end))
                return
        self.ranges[-1] = (self.ranges[-1][0], max(end, self.ranges[-1][1]))

    def cut_off(self, seconds: float, declared: float | None) -> None:
        """Note that the recording ended after *seconds* although it declared more."""
        if declared is not None and seconds < declared - _ROUNDING / 100:
            self.add(
                seconds,
                declared,
                f"is cut off: it holds {seconds:.3f} s of the {declared:.3f} s it declares",
            )

    def finish(self) -> None:
        """Say how many places were damaged beyond those that were told."""
        if self._places > _TOLD:
            _logger.warning("%s is damaged in %d places in all", self.name, self._places)
