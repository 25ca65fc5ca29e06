"""The words of pieces that overlap, joined to those of the whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ..events import SpeechData, SpeechEvent

__all__ = ("Said", "Stitcher")


@dataclass(eq=False)
class Said:
    """
    What was said in one piece. Times are in seconds of the recording.

    Args:
        first: where the piece begins; it may have heard something before.
        last: where it ends; it may have heard something behind.
        finals: what was said until now, in order.
        done: whether that is all.
    """

    first: float
    last: float
    finals: list[SpeechEvent] = field(default_factory=list)
    done: bool = False


class Stitcher:
    """
    Passes on the finals of piece after piece, each once.

    Two pieces are joined where neither heard anybody speak, next to the place where they were
    cut: an utterance that was cut in one is whole in the other. Where there is no such place
    the words before the cut come from the first and the others from the second.

    Args:
        tell: is given every final, in order.
        lead: how many seconds before itself a piece hears.
        trail: how many behind itself.
    """

    def __init__(
        self, tell: Callable[[SpeechEvent], None], *, lead: float = 0.0, trail: float = 0.0
    ) -> None:
        self._tell = tell
        self._lead = lead
        self._trail = trail
        self._pieces: list[Said] = []

    def piece(self, first: float, last: float) -> Said:
        """Return the piece after the last one."""
        self._pieces.append(Said(first, last))
        return self._pieces[-1]

    def is_next(self, said: Said) -> bool:
        """Tell whether what is said in a piece is what comes next."""
        return bool(self._pieces) and self._pieces[0] is said

    def advance(self) -> None:
        """Pass on what is certain by now; to be called when something was said, or all."""
        while self._pieces:
            piece = self._pieces[0]
            self._tell_sure(piece)
            if not piece.done:
                return
            if len(self._pieces) > 1:
                if not self._joined(piece, self._pieces[1]):
                    return
            elif not math.isinf(piece.last):
                return
            self._tell_all(piece)
            self._pieces.pop(0)

    def _tell_sure(self, piece: Said) -> None:
        """Pass on what the next piece does not hear."""
        overlap = piece.last - self._lead
        while piece.finals and _times(piece.finals[0])[1] < overlap:
            self._tell(piece.finals.pop(0))

    def _tell_all(self, piece: Said) -> None:
        for final in piece.finals:
            self._tell(final)

    def _joined(self, before: Said, behind: Said) -> bool:
        """Leave in both what comes from each; False while the second has not heard enough."""
        begin, end = before.last - self._lead, before.last + self._trail
        if not behind.done and not any(_times(each)[0] >= end for each in behind.finals):
            return False
        for channel in {each.channel for each in (*before.finals, *behind.finals)}:
            near = [e for e in (*before.finals, *behind.finals) if e.channel == channel]
            place = _quiet_place(map(_times, near), before.last, begin, end)
            at = before.last if place is None else place
            before.finals = list(_part(before.finals, channel, until=at))
            behind.finals = list(_part(behind.finals, channel, since=at))
        return True


def _times(event: SpeechEvent) -> tuple[float, float]:
    if not event.alternatives:
        return 0.0, 0.0
    return event.alternatives[0].start_time, event.alternatives[0].end_time


def _quiet_place(
    spoken: Iterable[tuple[float, float]], cut: float, begin: float, end: float
) -> float | None:
    """Return the place between *begin* and *end*, next to *cut*, where nobody speaks."""
    times = [each for each in spoken if each[1]]
    places = [cut, *(edge for each in times for edge in each if begin <= edge <= end)]
    quiet = [at for at in places if not any(first < at < last for first, last in times)]
    return min(quiet, key=lambda at: abs(at - cut), default=None)


def _part(
    finals: Iterable[SpeechEvent],
    channel: int | None,
    *,
    since: float = -math.inf,
    until: float = math.inf,
) -> Iterable[SpeechEvent]:
    for final in finals:
        first, last = _times(final)
        if final.channel != channel or not last or (first >= since and last <= until):
            yield final
        elif first < until and last > since and final.alternatives[0].words:
            part = _words_between(final.alternatives[0], since, until)
            if part is not None:
                yield replace(final, alternatives=[part])
        elif since <= (first + last) / 2 < until:
            yield final


def _words_between(data: SpeechData, since: float, until: float) -> SpeechData | None:
    words = [w for w in data.words or () if since <= (w.start_time + w.end_time) / 2 < until]
    if not words:
        return None
    if len(words) == len(data.words or ()):
        return data
    text = " ".join(word.text for word in words)
    return replace(
        data, text=text, words=words, start_time=words[0].start_time, end_time=words[-1].end_time
    )
