"""What finals have said, to tell a repeat from something new, and a clock that ran backwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ..events import SpeechData

__all__ = ("SaidBefore",)

_KEPT = 64


class _Said(NamedTuple):
    start: float
    end: float
    text: str
    speaker: str | None
    connection: int


@dataclass(slots=True, eq=False)
class SaidBefore:
    """
    Remembers the latest finals of one channel; times are seconds of the stream.

    A final repeats another when its words were said there before by the same speaker. Any other
    one that ends where finals reach already is news: another speaker's keeps its times; the same
    speaker's comes from a connection whose clock ran backwards, and is moved behind.
    """

    moved: float = 0.0
    """By how much a clock that ran backwards is moved, in seconds."""
    _finals: list[_Said] = field(default_factory=list)
    _connection: int = 0

    def note(self, data: SpeechData, end: float) -> None:
        """Remember a final that ends at *end*."""
        start = data.start_time if data.end_time else end
        self._finals.append(_Said(start, end, data.text, data.speaker_id, self._connection))
        if len(self._finals) > _KEPT:
            del self._finals[0]

    def repeats(self, data: SpeechData, end: float) -> bool:
        """Whether the words of *data* were said there by its speaker."""
        start = data.start_time if data.end_time else end
        # Without times an engine may well say a word twice: only a new connection repeats.
        latest = self._connection if data.end_time else self._connection - 1
        if latest < 0:
            return False
        there = [
            said.text
            for said in self._finals
            if said.speaker == data.speaker_id
            and said.start <= end
            and start <= said.end
            and said.connection <= latest
        ]
        words = _words(data.text)
        return bool(words.strip()) and words in _words(" ".join(there))

    def shift(self, data: SpeechData, reached: float) -> float:
        """Return by how much to move a final that ends before *reached*, where finals end."""
        if not self._finals or self._finals[-1].speaker != data.speaker_id:
            return 0.0
        if data.end_time + self.moved <= reached:
            self.moved = reached - data.start_time
        return self.moved

    def begin_connection(self) -> None:
        """Trust the clock again, and expect repeats."""
        self.moved = 0.0
        self._connection += 1


def _words(text: str) -> str:
    return f" {' '.join(text.split())} ".casefold()
