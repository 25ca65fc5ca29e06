"""What an engine says, on its way to the consumer: clock, ledger, grammar, delay."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from operator import attrgetter

import anyio

from .._rules.event_times import with_sound_times
from .._rules.grammar import SIGNALS, Grammar, Segment, Signal, Step
from .._rules.ledger import AudioLedger
from .._rules.said import SaidBefore
from .._util.emitter import logger
from ..events import SpeechData, SpeechEvent, SpeechEventType
from .delivery import Delivery
from .input_queue import InputQueue

__all__ = ("SpeechOutput", "speech_delivery")

_GUESSES = (SpeechEventType.INTERIM_TRANSCRIPT, SpeechEventType.PREFLIGHT_TRANSCRIPT)
_FINAL = SpeechEventType.FINAL_TRANSCRIPT
_USAGE = SpeechEventType.RECOGNITION_USAGE
_CHANNEL = attrgetter("channel")


def speech_delivery() -> Delivery[SpeechEvent]:
    """Return a delivery in which a newer guess replaces an unread one."""
    return Delivery(
        is_guess=lambda event: event.type in _GUESSES,
        is_aside=lambda event: event.type is _USAGE,
        lane_of=_CHANNEL,
    )


@dataclass(slots=True, eq=False)
class _ChannelSpeech:
    """What was said on one channel."""

    grammar: Grammar = field(default_factory=Grammar)
    said: SaidBefore = field(default_factory=SaidBefore)
    last: SpeechEvent | None = None
    ended_at: float = 0.0


@dataclass(slots=True, eq=False)
class SpeechOutput:
    """
    Takes an engine's events and delivers what the contract promises of them.

    Args:
        label: the engine's name.
        queue: the stream's input, for positions and push times.
        put: takes the events, in their order.
        delivery: where they wait to be read.
        on_progress: called when answers reach further, with whether a final does.
    """

    label: str
    queue: InputQueue
    put: Callable[[SpeechEvent], None]
    delivery: Delivery[SpeechEvent]
    on_progress: Callable[[bool], None]
    ledger: AudioLedger = field(default_factory=AudioLedger)
    answered_to: float = math.inf  # known once there are no more answers
    last_delay: float | None = None
    _marked: int | None = None  # the last marker that was read, until all before it is settled
    _channels: dict[int | None, _ChannelSpeech] = field(
        default_factory=lambda: {None: _ChannelSpeech()}
    )
    _waiters: list[tuple[int, Callable[[], None]]] = field(default_factory=list)

    def send(self, event: SpeechEvent, origin: float) -> None:
        """
        Take one event.

        Args:
            event: what the engine said, on its attempt's clock.
            origin: where that clock's zero lies in the stream, in seconds.
        """
        if not isinstance(event, SpeechEvent):
            raise TypeError(f"an engine sends SpeechEvents, got {type(event).__name__}")
        if event.type is _USAGE:
            self.put(event)
            return
        speech = self._channels.get(event.channel)
        if speech is None:
            speech = self._channels[event.channel] = _ChannelSpeech()
        event = with_sound_times(event)
        if origin:
            event = event.shifted(origin)
        if event.type is _FINAL:
            final = self._final(event, speech)
            if final is None:
                return
            event = final
        elif speech.said.moved:
            reached = self._seconds(self.ledger.end_of(event.channel))
            if _end_of(event) <= reached:
                event = self._shifted(event, speech.said.moved)
        self._speak(SIGNALS[event.type], event, speech)
        self._end_answered()

    def silence(self, until: float, channel: int | None) -> None:
        """Count the audio before *until*, in seconds of the stream, as answered."""
        if math.isfinite(until):
            position = min(round(until * self.queue.rate), self.queue.log.position)
            self.ledger.channels = self.queue.num_channels or 1
            if self.ledger.silence(position, channel):
                self._cover(final=False)
                self._end_answered()

    def refused(self, start: float, end: float, channel: int | None) -> list[tuple[float, float]]:
        """Count the audio between two times as given up; return what of it is news."""
        rate, last = self.queue.rate, self.queue.log.position
        self.ledger.channels = self.queue.num_channels or 1
        new = self.ledger.refuse(round(start * rate), min(round(end * rate), last), channel)
        self._cover_quietly()
        self._end_answered()
        return [(self._seconds(first), self._seconds(last)) for first, last in new]

    def lose(self, position: int) -> list[tuple[float, float]]:
        """Count what is open before *position* as lost, and return it in seconds."""
        lost = self.ledger.lose(position)
        self._cover_quietly()
        return [(self._seconds(first), self._seconds(last)) for first, last in lost]

    def rest_is_silent(self) -> None:
        """The engine has answered all it read, to the end."""
        self.ledger.rest_is_silent(self.queue.total)
        self._cover_quietly()

    def begin_attempt(self, position: int) -> None:
        """Expect a new attempt, which begins at *position*, to repeat what lies behind that."""
        start = self._seconds(position)
        for speech in self._channels.values():
            speech.said.begin_connection()
            if not self._tell_one(Signal.RETRY, speech) and speech.ended_at <= start:
                speech.grammar.expect_no_repeat()

    def on_marker(self) -> None:
        """The engine read a marker."""
        self._tell(Signal.MARKER)
        self._marked = self.queue.log.position
        self._end_answered()

    def on_audio_after_marker(self) -> None:
        """The engine read the first audio after a marker."""
        self._tell(Signal.AUDIO)

    def channels(self) -> Iterable[_ChannelSpeech]:
        """Return what was said, channel by channel."""
        return self._channels.values()

    def finish(self) -> None:
        """Complete what the engine left open."""
        self._tell(Signal.STOP)

    # ---- waiting for answers

    async def wait_answered(self, position: int) -> bool:
        """Wait until all before *position* is settled; return false if no answer comes."""
        event = anyio.Event()
        if self.ledger.covered < position:
            self.tell_answered(position, event.set)
            await event.wait()
        return position <= self.answered_to

    def all_final(self, channel: int | None) -> bool:
        """Whether all is final that was said of speech whose end the engine does not mark."""
        speech = self._channels.get(channel)
        return speech is not None and speech.grammar.segment in (Segment.SAID, Segment.SETTLED)

    def tell_answered(self, position: int, tell: Callable[[], None]) -> None:
        """Call *tell* when all before *position* is settled, or no answer comes any more."""
        self._waiters.append((position, tell))

    def release_waiters(self) -> None:
        """Wake whoever waits for an answer: no more come."""
        self.answered_to = self.ledger.covered
        for _, tell in self._waiters:
            tell()
        self._waiters.clear()

    def _cover(self, *, final: bool) -> None:
        self._cover_quietly()
        self.on_progress(final)

    def _cover_quietly(self) -> None:
        covered = self.ledger.covered
        self.queue.cover(covered)
        if self._waiters:
            for position, tell in self._waiters:
                if position <= covered:
                    tell()
            self._waiters = [each for each in self._waiters if each[0] > covered]

    # ---- finals

    def _final(self, event: SpeechEvent, speech: _ChannelSpeech) -> SpeechEvent | None:
        """Note what a final covers and how late it is; return `None` for one said before."""
        queue, ledger = self.queue, self.ledger
        ledger.channels = queue.num_channels or 1
        data = event.alternatives[0] if event.alternatives else SpeechData("", "")
        here = queue.log.position
        timed = data.end_time > 0
        position = round(data.end_time * queue.rate) if timed else here
        reached = ledger.end_of(event.channel)
        if position <= reached:
            end = self._seconds(position)
            if speech.said.repeats(data, end):
                logger.warning(
                    "%s sent a final that ends at %.3f s and repeats one: it was dropped "
                    "(an engine's times count from the first sample its attempt read)",
                    self.label,
                    end,
                )
                return None
            if timed:
                event, data = self._moved(event, data, speech, reached)
                position = round(data.end_time * queue.rate)
        delay = self._delay(position) if timed else None
        speech.said.note(data, self._seconds(min(position, here)))
        if ledger.final(min(position, here), event.channel):
            self._cover(final=True)
        if delay is None:
            return event
        self.last_delay = delay
        return replace(event, delay=delay)

    def _moved(
        self, event: SpeechEvent, data: SpeechData, speech: _ChannelSpeech, reached: int
    ) -> tuple[SpeechEvent, SpeechData]:
        """Move a final whose connection's clock ran backwards behind the others."""
        event = self._shifted(event, speech.said.shift(data, self._seconds(reached)))
        return event, event.alternatives[0]

    def _shifted(self, event: SpeechEvent, seconds: float) -> SpeechEvent:
        """Return *event* so much later, but no later than the audio that was read."""
        most = self._seconds(self.queue.log.position)
        return event.shifted(min(seconds, max(0.0, most - _end_of(event))))

    def _delay(self, position: int) -> float | None:
        now = anyio.current_time()
        pushed_at = self.queue.times.when(position, self.queue.rate, now)
        return None if pushed_at is None else now - pushed_at

    def _seconds(self, position: int) -> float:
        return self.queue.seconds(position)

    # ---- grammar

    def _speak(self, signal: Signal, event: SpeechEvent, speech: _ChannelSpeech) -> None:
        if signal is Signal.START and _end_of(event) > speech.ended_at:
            speech.grammar.expect_no_repeat()
        for step in speech.grammar.accept(signal):
            self.put(event if step is Step.KEEP else _completed(step, event))
        if signal is Signal.END:
            speech.ended_at = max(speech.ended_at, _end_of(event))
        speech.last = event

    def _end_answered(self) -> None:
        """End what the engine leaves open, once all before the last marker is settled."""
        if self._marked is not None and self.ledger.covered >= self._marked:
            self._marked = None
            self._tell(Signal.ANSWERED)

    def _tell(self, signal: Signal) -> None:
        for speech in self._channels.values():
            self._tell_one(signal, speech)

    def _tell_one(self, signal: Signal, speech: _ChannelSpeech) -> bool:
        steps = speech.grammar.accept(signal)
        for step in steps:
            assert speech.last is not None
            self.put(_completed(step, speech.last))
        return bool(steps)


def _end_of(event: SpeechEvent) -> float:
    if event.time is not None:
        return event.time
    return event.alternatives[0].end_time if event.alternatives else 0.0


def _completed(step: Step, event: SpeechEvent) -> SpeechEvent:
    """Make the START or END that an engine left out, with the times of the event beside it."""
    data = event.alternatives[0] if event.alternatives else None
    starts = step is Step.ADD_START
    time = None
    if data is not None and data.end_time > 0:
        time = data.start_time if starts else data.end_time
    kind = SpeechEventType.START_OF_SPEECH if starts else SpeechEventType.END_OF_SPEECH
    return SpeechEvent(kind, event.request_id, time=time, channel=event.channel)
