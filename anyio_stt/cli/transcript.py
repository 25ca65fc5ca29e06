"""The transcript of one recording: written in every format asked for, and remembered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from anyio_stt import SpeechEvent, SpeechEventType

from .formats import Formatter
from .journal import Journal
from .output import Sink

__all__ = ("Transcript",)

_FINAL = SpeechEventType.FINAL_TRANSCRIPT
_GUESSES = (SpeechEventType.INTERIM_TRANSCRIPT, SpeechEventType.PREFLIGHT_TRANSCRIPT)
_ROUNDING = 0.05


class Transcript:
    """
    Writes what is said, until it is complete or interrupted.

    Args:
        outputs: the formats, each with the place it goes to.
        journal: keeps the finals in case the run is interrupted; None where that is no use.
        all_events: whether formats are given more than finals.
    """

    def __init__(
        self,
        outputs: Sequence[tuple[Formatter, Sink]],
        journal: Journal | None,
        *,
        all_events: bool = False,
    ) -> None:
        self._outputs = outputs
        self.journal = journal
        self._all_events = all_events
        self._guesses: dict[int | None, SpeechEvent] = {}
        self._covered: dict[int | None, float] = {}
        self._begun = False
        self._sure = math.inf
        self.goes_on_from: float | None = None
        """Where a next run begins, in seconds; None is the beginning, or that it need not."""
        self.said: bool = False
        """Whether there is anything in it."""

    def begin(self, *, restart: bool) -> None:
        """Write what an interrupted run has said, unless *restart* says to forget it."""
        before = [] if self.journal is None or restart else self.journal.read()
        self._begun = True
        for formatter, sink in self._outputs:
            sink.write(formatter.begin())
        for event in before:
            self._add_final(event)

    @property
    def covered(self) -> Mapping[int | None, float]:
        """Up to where something was said, in seconds, by channel."""
        return self._covered

    def start(self, channels: int) -> float:
        """Return where to go on, in seconds, when so many channels are heard apart."""
        if len(self._covered) < channels:  # one of them has said nothing yet
            return 0.0
        return min(self._covered.values())

    def add(self, event: SpeechEvent) -> None:
        """Write *event*, and keep it if it is a guess: it may be the last thing known."""
        if event.type in _GUESSES:
            self._guesses[event.channel] = event
        if event.type is _FINAL:
            self._guesses.pop(event.channel, None)
            if not self._is_known(event):
                self._add_final(event)
        elif self._all_events:
            self._write(event)

    def forget(self, since: float) -> None:
        """Have a next run hear again what was said behind so many seconds."""
        self._sure = min(self._sure, since)

    def _is_known(self, event: SpeechEvent) -> bool:
        # The channels go on from where the slowest was; the others have said some of it.
        covered = self._covered.get(event.channel)
        if covered is None or not self._resumed or not event.alternatives:
            return False
        return event.alternatives[0].end_time <= covered + _ROUNDING

    @property
    def _resumed(self) -> bool:
        return self.journal is not None and None not in self._covered

    def _add_final(self, event: SpeechEvent) -> None:
        if event.alternatives:
            end = event.alternatives[0].end_time
            self._covered[event.channel] = max(self._covered.get(event.channel, 0.0), end)
            if self.journal is not None:
                self.journal.add(event)
        self._write(event)

    def _write(self, event: SpeechEvent) -> None:
        self.said = True
        for formatter, sink in self._outputs:
            sink.write(formatter.event(event))

    def end(self, *, complete: bool, finished: bool) -> list[Path]:
        """
        End every output; return where incomplete ones lie that did not get their place.

        What was being said when an incomplete one ended is written in brackets.

        Args:
            complete: whether nothing is missing.
            finished: whether the recording was heard to its end. If it was, a next run can do
                better only with what the engine could not answer for.
        """
        if self._begun and not complete:
            for event in self._guesses.values():
                self._write(_marked(event))
        self._guesses.clear()
        if self._begun:
            for formatter, sink in self._outputs:
                sink.write(formatter.end())
        if self.journal is not None:
            done = finished and math.isinf(self._sure)
            covered = self.journal.close(until=None if done else self._sure)
            if covered and len(covered) == len(self._covered):
                self.goes_on_from = min(covered.values())
        places = [sink.close(complete=complete, said=self.said) for _, sink in self._outputs]
        return [place for place in places if place is not None]


def _marked(event: SpeechEvent) -> SpeechEvent:
    marked = [replace(data, text=f"[{data.text} ...]") for data in event.alternatives[:1]]
    return replace(event, type=_FINAL, alternatives=marked)
