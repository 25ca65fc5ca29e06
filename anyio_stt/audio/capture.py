"""What a device's thread gives, kept until a task reads it."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from .bell import Bell

__all__ = ("Block", "Capture")


class Block(NamedTuple):
    """Samples, and how many were lost before them."""

    data: bytes
    lost_before: int
    overruns: int


class Capture:
    """
    The way from PortAudio's thread to the event loop; neither waits for the other.

    It takes no lock: each field is written by one side only.

    Args:
        rate: samples a second, for each channel.
        limit: how many samples may wait; what comes beyond is lost, and counted.
    """

    def __init__(self, rate: int, limit: int) -> None:
        self._rate = rate
        self._limit = limit
        self._blocks: deque[Block] = deque()
        self._put = self._taken = 0
        self._due: float | None = None  # when the next block begins, on the device's clock
        self._full = False
        self.bell: Bell = Bell()
        self.lost: int = 0
        """Samples that were lost until now."""
        self.overruns: int = 0
        """How many times samples were lost."""
        self.paused: bool = False
        """Whether nothing is wanted."""
        self.ended: bool = False
        """Whether no more is wanted, for good."""
        self.gone: bool = False
        """Whether the device has ended by itself."""

    # ---- in PortAudio's thread

    def take(self, data: Any, count: int, times: Any, status: Any) -> None:
        """Take *count* samples; never waits, never raises."""
        if self.paused or self.ended:
            return
        begins = times.inputBufferAdcTime
        if status.input_overflow:
            self.overruns += 1
            if self._due is not None:
                self.lost += max(round((begins - self._due) * self._rate), 0)
        self._due = begins + count / self._rate
        if self._put - self._taken + count > self._limit:
            self.overruns += not self._full
            self._full = True
            self.lost += count
        else:
            self._full = False
            self._put += count
            self._blocks.append(Block(bytes(data), self.lost, self.overruns))
        self.bell.ring()

    def finished(self) -> None:
        """Note that the device gives no more."""
        if not self.paused and not self.ended:
            self.gone = True
        self.bell.ring()

    # ---- in the event loop

    def next(self, width: int) -> Block | None:
        """Return the oldest block of samples of *width* bytes, or None when none waits."""
        if not self._blocks:
            return None
        block = self._blocks.popleft()
        self._taken += len(block.data) // width
        return block

    def changed(self) -> bool:
        """Tell whether there is something to read, or nothing more will come."""
        return bool(self._blocks) or self.ended or self.gone

    def pause(self) -> None:
        """Take nothing until `resume`."""
        self.paused = True

    def resume(self) -> None:
        """Take what comes; the time between is no loss."""
        self._due = None
        self.paused = False

    def end(self) -> None:
        """Take nothing more; what waits can still be read."""
        self.ended = True
        self.bell.ring()
