"""What became of each sample that was pushed: recognised, silent, lost, or still open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ("AudioLedger",)


@dataclass(slots=True, eq=False)
class AudioLedger:
    """
    Adds up the audio of a stream, in samples of one channel since it began.

    All before `covered` is settled: `recognised + silent + dropped` is `covered` and what was
    refused beyond it. An engine that hears channels apart answers for each of them: audio is
    settled when every channel's answers have passed it, and recognised if a final was one.
    """

    channels: int = 1
    covered: int = 0
    recognised: int = 0
    silent: int = 0
    dropped: int = 0
    refused: list[tuple[int, int]] = field(default_factory=list)
    """Ranges beyond `covered` that were given up, in order and apart; counted as dropped."""
    held: list[tuple[int, int]] = field(default_factory=list)
    """Ranges that one channel gave up, and others have not passed yet; counted likewise."""
    _ends: dict[int | None, int] = field(default_factory=dict)
    _floor: int = 0
    _said_to: int = 0

    def end_of(self, channel: int | None) -> int:
        """Return where the answers on *channel* reach to."""
        return self._ends.get(channel, self._floor)

    def final(self, position: int, channel: int | None) -> bool:
        """Note a final that ends at *position*; return whether that is further than before."""
        self._said_to = max(self._said_to, position)
        return self.silence(position, channel)

    def silence(self, position: int, channel: int | None) -> bool:
        """Note that nothing more is said before *position*; return whether that is news."""
        further = position > max(self.end_of(channel), self.covered)
        if further:
            self._ends[channel] = position
            if channel is not None:
                position = self._all_passed()
            self._settle(position)
        return further

    def rest_is_silent(self, position: int) -> None:
        """Note that nothing more is said before *position* on any channel."""
        self._release(position)
        self._said_to = self.covered
        self._settle(position)

    def refuse(self, start: int, end: int, channel: int | None = None) -> list[tuple[int, int]]:
        """
        Note that the audio from *start* to *end* was given up; return what of it is new.

        Given up on one *channel*, it is not passed until the others have passed it too.
        """
        pieces = list(self._open(max(start, self.covered), end))
        self.dropped += sum(last - first for first, last in pieces)
        if channel is None or self.channels == 1:
            self.refused = _merged([*self.refused, *pieces])
            self._pass_refused()
        else:
            self.held = _merged([*self.held, *pieces])
            if start <= self.end_of(channel):
                self._ends[channel] = max(self.end_of(channel), end)
                self._settle(self._all_passed())
        return pieces

    def lose(self, position: int) -> list[tuple[int, int]]:
        """Give up what is open before *position*, and return it."""
        self._release(position)
        pieces = list(self._open(self.covered, position))
        self.dropped += sum(last - first for first, last in pieces)
        self.covered = max(self.covered, position)
        self._pass_refused()
        self._floor = self.covered
        self._ends = {channel: max(end, self.covered) for channel, end in self._ends.items()}
        return pieces

    def open_between(self, start: int, end: int) -> int:
        """Return how much between two positions is not settled."""
        return sum(last - first for first, last in self._open(max(start, self.covered), end))

    def _all_passed(self) -> int:
        return min(self.end_of(each) for each in range(self.channels))

    def _release(self, position: int) -> None:
        """Take it that what one channel gave up before *position* is given up."""
        passed = [(first, min(last, position)) for first, last in self.held if first < position]
        self.held = [(max(first, position), last) for first, last in self.held if last > position]
        self.refused = _merged([*self.refused, *passed])

    def _settle(self, position: int) -> None:
        if self.held:
            self._release(position)
        for first, last in self._open(self.covered, position):
            said = max(first, min(last, self._said_to))
            self.recognised += said - first
            self.silent += last - said
        self.covered = max(self.covered, position)
        self._pass_refused()

    def _open(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for first, last in sorted([*self.refused, *self.held]) if self.held else self.refused:
            if start < min(first, end):
                yield start, min(first, end)
            start = max(start, last)
        if start < end:
            yield start, end

    def _pass_refused(self) -> None:
        while self.refused and self.refused[0][0] <= self.covered:
            self.covered = max(self.covered, self.refused.pop(0)[1])


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged
