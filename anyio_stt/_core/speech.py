"""What an engine says, on its way to the consumer: clock, coverage, grammar, delay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter

import anyio

from .._rules.coverage import Coverage
from .._rules.grammar import SIGNALS, Grammar, Signal, Step
from ..events import SpeechEvent, SpeechEventType
from .delivery import Delivery
from .emitter import logger
from .journal import InputJournal
from .metrics_monitor import MetricsMonitor

__all__ = ("SpeechOutput", "speech_delivery")

_GUESSES = (SpeechEventType.INTERIM_TRANSCRIPT, SpeechEventType.PREFLIGHT_TRANSCRIPT)
_CHANNEL = attrgetter("channel")


def speech_delivery() -> Delivery[SpeechEvent]:
    """Return a delivery in which a newer guess replaces an unread one."""
    return Delivery(is_guess=_is_guess, is_aside=_is_aside, lane_of=_CHANNEL)


def _is_guess(event: SpeechEvent) -> bool:
    return event.type in _GUESSES


def _is_aside(event: SpeechEvent) -> bool:
    return event.type is SpeechEventType.RECOGNITION_USAGE


class SpeechOutput:
    """
    Takes an engine's events and delivers what the contract promises of them.

    Args:
        label: the engine's name.
        journal: the stream's input, for positions and push times.
        put: takes the events, in their order.
        monitor: told of usage and delays.
        on_progress: called for each final that says something new.
    """

    __slots__ = (
        "_coverage",
        "_grammars",
        "_journal",
        "_label",
        "_last",
        "_monitor",
        "_on_progress",
        "_put",
    )

    def __init__(
        self,
        label: str,
        journal: InputJournal,
        put: Callable[[SpeechEvent], None],
        monitor: MetricsMonitor,
        on_progress: Callable[[], None],
    ) -> None:
        self._label = label
        self._journal = journal
        self._put = put
        self._monitor = monitor
        self._on_progress = on_progress
        self._coverage = Coverage()
        self._grammars: dict[int | None, Grammar] = {None: Grammar()}
        self._last: dict[int | None, SpeechEvent] = {}

    def send(self, event: SpeechEvent, origin: float) -> None:
        """
        Take one event.

        Args:
            event: what the engine said, on its attempt's clock.
            origin: where that clock's zero lies in the stream, in seconds.
        """
        if not isinstance(event, SpeechEvent):
            raise TypeError(f"an engine sends SpeechEvents, got {type(event).__name__}")
        if event.type is SpeechEventType.RECOGNITION_USAGE:
            self._monitor.usage(event)
            self._put(event)
            return
        event = event.shifted(origin)
        if event.type is SpeechEventType.FINAL_TRANSCRIPT:
            covered = self._accept_final(event)
            if covered is None:
                return
            event = covered
        self._speak(SIGNALS[event.type], event)

    def silence(self, until: float, channel: int | None) -> None:
        """Count the audio before *until*, in seconds of the stream, as covered."""
        position = min(round(until * self._journal.rate), self._journal.log.position)
        self._coverage.channels = self._journal.num_channels
        self._journal.cover(self._coverage.extend(position, channel))

    def begin_attempt(self, position: int) -> None:
        """Expect a new attempt to repeat itself; nobody will speak of what lies before."""
        self._coverage.skip(position)
        self._tell(Signal.RETRY)

    def on_marker(self) -> None:
        """The engine read a marker."""
        self._tell(Signal.MARKER)

    def on_audio_after_marker(self) -> None:
        """The engine read the first audio after a marker."""
        self._tell(Signal.AUDIO)

    def finish(self) -> None:
        """Complete what the engine left open."""
        self._tell(Signal.STOP)

    # ---- finals

    def _accept_final(self, event: SpeechEvent) -> SpeechEvent | None:
        """Note what a final covers and how late it is; return `None` for one said before."""
        end = event.alternatives[0].end_time if event.alternatives else 0.0
        position = round(end * self._journal.rate) if end > 0 else self._journal.log.position
        self._coverage.channels = self._journal.num_channels
        if end > 0 and self._coverage.repeats(position, event.channel):
            logger.warning(
                "%s sent a final that ends at %.3f s, but finals cover that audio already; it "
                "was dropped (an engine's times count from the first sample its attempt read)",
                self._label,
                end,
            )
            return None
        delay = self._delay(position) if end > 0 else None
        position = min(position, self._journal.log.position)
        covered = self._coverage.extend(position, event.channel)
        self._journal.cover(covered)
        self._monitor.final(delay)
        self._on_progress()
        return event if delay is None else replace(event, delay=delay)

    def _delay(self, position: int) -> float | None:
        pushed_at = self._journal.pushed_at(position)
        return None if pushed_at is None else anyio.current_time() - pushed_at

    # ---- grammar

    def _speak(self, signal: Signal, event: SpeechEvent) -> None:
        grammar = self._grammars.get(event.channel)
        if grammar is None:
            grammar = self._grammars[event.channel] = Grammar()
        for step in grammar.accept(signal):
            self._put(event if step is Step.KEEP else self._completed(step, event))
        self._last[event.channel] = event

    def _tell(self, signal: Signal) -> None:
        for channel, grammar in self._grammars.items():
            for step in grammar.accept(signal):
                self._put(self._completed(step, self._last[channel]))

    def _completed(self, step: Step, event: SpeechEvent) -> SpeechEvent:
        """Make the START or END that an engine left out, with the times of the event beside it."""
        data = event.alternatives[0] if event.alternatives else None
        starts = step is Step.ADD_START
        time = None
        if data is not None and data.end_time > 0:
            time = data.start_time if starts else data.end_time
        kind = SpeechEventType.START_OF_SPEECH if starts else SpeechEventType.END_OF_SPEECH
        return SpeechEvent(kind, event.request_id, time=time, channel=event.channel)
