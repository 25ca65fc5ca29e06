"""Turns of a conversation, with every engine: when somebody begins, and when they are done."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

import anyio

from ._rules.turns import TurnBuilder, TurnLimits
from ._turns.asker import TurnAsker
from ._turns.heard_audio import TurnAudio
from ._turns.off_loop import OffLoopCall
from .events import SpeechEvent, SpeechEventType
from .following import EventFollower
from .moments import TurnDetector, TurnMoment

if TYPE_CHECKING:
    from .stream import RecognizeStream

__all__ = ("TurnOptions", "Turns")


class TurnOptions(TypedDict, total=False):
    """
    What `StreamTranscription.turns` takes by keyword.

    Args:
        min_silence, max_silence, threshold, detector, max_gap, min_words: as `Turns` has them.
    """

    min_silence: float
    max_silence: float
    threshold: float
    detector: TurnDetector | None
    max_gap: float
    min_words: int


class Turns(EventFollower[TurnMoment]):
    """
    The moments of a stream's turns; made by `RecognizeStream.turns()`, and by
    `RecognizeStream.transcribe(source).turns()` where the stream feeds itself.

    Each turn is `StartOfTurn (EagerEndOfTurn TurnResumed)* EagerEndOfTurn? EndOfTurn`, on each
    channel by itself, and each final's text is in one turn. Iterating raises what the stream
    raises, after the turn that was open has ended. Cancelled, it loses nothing. Speech of which
    no words come is no turn. Silence is the audio's, live or from a file: only where none comes
    any more for `max_gap` seconds while the input is open, time itself counts.

    An engine whose capabilities say `turns` decides by itself: its END is the end, and no
    detector is asked. A preflight is an `EagerEndOfTurn`, whichever engine sends it.

    A detector is asked after `min_silence`, and again whenever the silence has doubled. It
    hears the last 8 seconds that the engine has read, which the stream keeps for it. Its answer
    counts up to `max_silence` after the words; one that fails three times in a row is asked no
    more, and one that hangs is not waited for.

    Args:
        stream: whose turns.
        min_silence: seconds without speech after which a turn may be over.
        max_silence: seconds without speech after which it is.
        threshold: the probability from which on the detector ends a turn.
        detector: tells whether a turn is over before `max_silence`; without one it is not.
        max_gap: seconds after which audio that stopped to come is silence.
        min_words: how many guessed words begin a turn. A final always does.
        events: what gives the stream's events, if it is not the stream itself.

    Raises:
        ValueError: for values that cannot hold together.
    """

    def __init__(
        self,
        stream: RecognizeStream,
        min_silence: float = 0.2,
        max_silence: float = 1.5,
        threshold: float = 0.5,
        detector: TurnDetector | None = None,
        max_gap: float = 1.0,
        min_words: int = 1,
        events: AsyncIterator[SpeechEvent] | None = None,
    ) -> None:
        super().__init__(stream, events)
        self._limits = TurnLimits(min_silence, max_silence, min_words, max_gap, threshold)
        self._builders: dict[int | None, TurnBuilder] = {}
        self._moments: deque[TurnMoment] = deque()
        self._told = stream._core_stt.capabilities.turns  # noqa: SLF001 - one base
        self._detector = None if self._told else detector
        self._asker: TurnAsker | None = None
        self._call: OffLoopCall | None = None
        self._audio: TurnAudio | None = None
        self._held: SpeechEvent | None = None  # until the detector has judged the pause before it
        self._scope: anyio.CancelScope | None = None
        if stream._core_launched:  # noqa: SLF001
            self._begin()

    def update_options(
        self,
        *,
        min_silence: float | None = None,
        max_silence: float | None = None,
        threshold: float | None = None,
        detector: TurnDetector | None = None,
        max_gap: float | None = None,
        min_words: int | None = None,
    ) -> None:
        """
        Change what is given, from now on, also for a turn that is open; `None` leaves as it is.

        A new detector takes the place of the old one, also of one that was given up.

        Args:
            min_silence, max_silence, threshold, detector, max_gap, min_words: as `Turns` has
                them.

        Raises:
            ValueError: for values that cannot hold together; nothing is changed then.
        """
        given: dict[str, Any] = {
            "min_silence": min_silence,
            "max_silence": max_silence,
            "threshold": threshold,
            "max_gap": max_gap,
            "min_words": min_words,
        }
        changed = {name: value for name, value in given.items() if value is not None}
        self._limits = replace(self._limits, **changed)
        for builder in self._builders.values():
            builder.limits = self._limits
        if detector is not None and not self._told:
            self._detector = detector
            if self._audio is not None:
                self._employ(detector, self._audio)
        self._wake()

    # ---- as an iterator

    def _take(self) -> TurnMoment | None:
        return self._moments.popleft() if self._moments else None

    async def _more(self) -> None:
        """Wait for an event, for audio or its end, or for the detector, whichever is next."""
        if not self._stream._core_launched:  # noqa: SLF001 - which the stream says itself
            await self._take_event()
            return
        audio = self._begin()
        if self._held is not None or not audio.over:
            self._look(audio)
        if self._moments:
            return
        if self._held is not None and not self._judged_later():
            event, self._held = self._held, None
            self._hear(event, audio)
            return
        with anyio.CancelScope(deadline=self._expect(audio)) as self._scope:
            if self._held is None:
                await self._take_event()
            else:
                await anyio.sleep_forever()
        self._scope = None

    def _add(self, event: SpeechEvent) -> None:
        """Take an event; from a file it may have to wait for what the detector says."""
        audio = self._begin()
        builder = self._builders.get(event.channel)
        until = _begins(event)
        if builder is not None and until is not None and self._asker is not None and audio.ahead:
            self._moments += builder.hear(until, self._covered())
            self._held = event
        else:
            self._hear(event, audio)

    def _finish(self) -> None:
        for builder in self._builders.values():
            self._moments += builder.finish()

    # ---- what happens

    def _begin(self) -> TurnAudio:
        if self._audio is None:
            self._audio = TurnAudio(self._stream)
            if self._detector is not None:
                self._employ(self._detector, self._audio)
        return self._audio

    def _employ(self, detector: TurnDetector, audio: TurnAudio) -> None:
        audio.keep()
        if self._call is None or self._call.busy:  # with another's question, perhaps for ever
            self._call = self._stream._closing(OffLoopCall(self._wake))  # noqa: SLF001
        self._asker = TurnAsker(detector, self._stream.label, self._call)

    def _wake(self) -> None:
        """Have `_more` look again; called on the event loop."""
        if self._scope is not None:
            self._scope.cancel()

    def _hear(self, event: SpeechEvent, audio: TurnAudio) -> None:
        builder = self._builders.get(event.channel)
        if builder is None:
            builder = TurnBuilder(self._limits, event.channel, told=self._told)
            self._builders[event.channel] = builder
        covered = self._covered()
        self._moments += builder.add(event, audio.heard(covered), covered)
        audio.hold(_ends(event))
        if audio.over:  # to its end there was silence
            self._look(audio)

    def _look(self, audio: TurnAudio) -> None:
        """See how far the audio has come, and what the detector says of it."""
        audio.look(self._limits.max_gap)
        if self._held is None and self._behind:
            return  # somebody may have spoken on
        covered = self._covered()
        until = audio.heard(covered) if self._held is None else _begins(self._held) or 0.0
        for builder in self._builders.values():
            if audio.stopped:
                builder.cut(audio.delivered)
            elif not (self._told or self._held) and audio.all_final(builder.channel):
                builder.cut(None)
            self._moments += builder.hear(until, covered)
        if self._asker is not None:
            self._consult(self._asker, until, audio)
        if self._held is None and not any(each.waiting for each in self._builders.values()):
            audio.hold(math.inf)

    def _consult(self, asker: TurnAsker, until: float, audio: TurnAudio) -> None:
        answered = asker.take()
        if answered is not None:
            question, probability = answered
            self._moments += self._builders[question.channel].answer(question, probability)
        for builder in self._builders.values():
            asked = builder.question(until) if asker.free else None
            if asked is not None:
                patience = self._limits.max_silence - asked.silence
                asker.ask(asked, audio.before(asked.position), patience)

    def _judged_later(self) -> bool:
        return self._asker is not None and self._asker.awaited

    # ---- what to wait for

    def _expect(self, audio: TurnAudio) -> float:
        """Have what may change something wake this; return until when else to wait."""
        if self._held is not None:
            assert self._asker is not None
            return self._asker.deadline
        builders = self._builders.values()
        if not any(each.waiting for each in builders):
            return audio.expect_silence(self._wake)
        asks = self._asker is not None and self._asker.free
        covered = self._covered()
        waits = [each.waits_for(asks, covered) for each in builders]
        due, awaited = (min(each) for each in zip(*waits, strict=True))
        return audio.expect(due, awaited, covered, self._wake)


def _begins(event: SpeechEvent) -> float | None:
    """Return when what *event* tells of began, if it begins anything."""
    if event.type is SpeechEventType.START_OF_SPEECH:
        return event.time
    if event.alternatives and event.alternatives[0].end_time:
        return event.alternatives[0].start_time
    return None


def _ends(event: SpeechEvent) -> float:
    if event.alternatives and event.alternatives[0].end_time:
        return event.alternatives[0].end_time
    return math.inf if event.time is None else event.time
