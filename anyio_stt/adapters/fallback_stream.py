"""A stream whose attempts go to different engines."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import anyio

from ..audio.frame import AudioFrame
from ..events import SpeechEvent, SpeechEventType
from ..exceptions import APITimeoutError
from ..options import APIConnectOptions
from ..stream import RecognizeStream
from ..stt import STT
from ..vad import VADStream
from .adapter_stream import AdapterStream
from .fallback_members import Member, Members
from .fallback_probe import Probe, says_something
from .fallback_rules import FallbackRules, Happened
from .fallback_switch import Left, SwitchError
from .race import Lane, Race
from .recent_audio import RecentAudio

__all__ = ("FallbackStream",)

logger: logging.Logger = logging.getLogger("anyio_stt")

_NEVER_SPENT = 1_000_000
"""Retries of the base: it is the stream that gives up, when every member has failed."""

_LONGEST_RACE = 60.0
"""Seconds of audio after which one member goes on alone, even where `replay_limit` has no end."""


class FallbackStream(AdapterStream):
    """
    A stream of a `FallbackAdapter`: each attempt is one member's, or two members' that race.

    Args:
        stt: the adapter that makes it.
        members: whom to ask.
        probe: finds out whether those that failed work again.
        hedge_after: seconds after which a second one is asked too.
        language: what is spoken, where members can be told.
        conn_options: bounds, and the members' deadlines.
    """

    def __init__(
        self,
        stt: STT,
        members: Members,
        probe: Probe,
        *,
        hedge_after: float,
        language: str | None,
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(stt=stt, conn_options=conn_options, max_retry=_NEVER_SPENT)
        self._members = members
        self._probe = probe
        self._hedge_after = hedge_after
        self._language = language
        self._rules = FallbackRules(members.all, Member.is_up)
        self._last_failure: Exception | None = None
        self._race: Race | None = None
        self._listening: dict[RecognizeStream, Member] = {}
        self._scopes: dict[RecognizeStream, anyio.CancelScope] = {}
        self._left: dict[RecognizeStream, Left] = {}
        self._furthest = 0.0
        self._recent = RecentAudio()

    async def _run(self) -> None:
        member = self._next()
        if member is None:
            raise self._members.all_failed(self._last_failure)
        statistics = self.statistics()
        self._origin = statistics.pushed - statistics.pending - statistics.replay
        self._open = self._understood = False
        self._reached = 0.0
        self._listening.clear()
        self._scopes.clear()
        self._left.clear()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._probe.run)
            if self._hedge_after < math.inf:
                failure = await self._hedge(member)
            else:
                failure = await self._listen_to(member)
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure

    def _choose(self) -> Member | None:
        for member in self._members.all:
            if member.is_up():  # it failed and is up: its probes have succeeded
                self._rules.tell(member, Happened.RECOVERED)
        return self._rules.choose()

    def _next(self) -> Member | None:
        """Return whose attempt comes next: who refused an utterance is better than nobody."""
        return self._choose() or self._rules.once_more()

    async def _hedge(self, first: Member) -> Exception | None:
        """Let the next member recognise too when *first* has not answered in time."""
        limit = min(self._given_options.replay_seconds(), _LONGEST_RACE)
        self._race = race = Race(
            self._input_ch,
            limit,
            self._recent.keep,
            lambda member: self._rules.tell(member, Happened.OVERTAKEN),
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(race.run, first, self._listen_to)
            if not await race.settled_within(self._hedge_after):
                second = self._choose()
                if second is not None:
                    logger.info("%s has not answered yet", first.label)
                    tasks.start_soon(race.run, second, self._listen_to)
        return race.outcome()

    # ---- one member

    async def _listen_to(self, member: Member) -> Exception | None:
        """Let *member* recognise; return why another attempt has to follow, if one has to."""
        self._rules.tell(member, Happened.ASKED)
        began = anyio.current_time()
        stream: RecognizeStream | None = None
        try:
            stream = listened = member.streamer.stream(
                language=self._language, conn_options=self._members.options(self._member_options)
            )
            self._listening[listened] = member
            lane = None if self._race is None else Lane(self._race, member)
            with anyio.CancelScope() as self._scopes[listened]:
                await self._follow(
                    listened, lambda event: self._hear(event, listened, member), lane
                )
            if self._scopes[listened].cancel_called:
                return self._left[listened].why
        except SwitchError as exc:
            return exc
        except Exception as exc:  # noqa: BLE001 - whatever it raises, another one goes on
            return self._failed(member, exc, stream, anyio.current_time() - began)
        return None

    def _failed(
        self, member: Member, error: Exception, stream: RecognizeStream | None, seconds: float
    ) -> Exception:
        late = isinstance(error, APITimeoutError)
        heard = 0.0 if stream is None else self._origin + stream.statistics().delivered
        if seconds > self._given_options.timeout and heard > self._furthest and not late:
            self._rules.further()  # it worked for long: the others get another chance
        self._furthest = max(self._furthest, heard)
        self._rules.tell(member, Happened.FAILED)
        self._members.failed(member, error)
        self._last_failure = error
        switch = SwitchError(f"{member.label} failed: {error}", retry_after=0)
        switch.__cause__ = error
        return switch

    async def _pass_on(self, frame: AudioFrame, stream: RecognizeStream | VADStream) -> None:
        await super()._pass_on(frame, stream)
        if self._race is None:
            self._recent.keep(frame)
        if isinstance(stream, RecognizeStream):
            self._note_covered(stream, self._listening[stream])

    def _may_speak(self, member: Member) -> bool:
        """Whether *member* is the one that is listened to; of two that race, who asks first."""
        return self._race is None or self._race.answer(member)

    def _on_loss(
        self,
        stream: RecognizeStream,
        error: BaseException | None,
        start: float,
        end: float,
        refused: bool,
        channel: int | None,
    ) -> bool:
        member, race = self._listening[stream], self._race
        if stream in self._left:  # it is heard no more, though it does not know yet
            return True
        if refused and isinstance(error, Exception):
            self._rules.tell(member, Happened.REFUSED)
            if (race is not None and not race.is_alone(member)) or self._choose() is not None:
                what = f"refuses what was said from {start:.3f} to {end:.3f} s: {error}"
                return self._leave(stream, member, start, what)
            self._rules.further()  # all that are up refuse it: it is given up
            self._rules.tell(member, Happened.ASKED)
        elif race is not None and race.winner is not member and not race.is_alone(member):
            self._rules.tell(member, Happened.OVERTAKEN)
            what = f"lost what was said from {start:.3f} to {end:.3f} s, which another one hears"
            return self._leave(stream, member, start, what)
        return super()._on_loss(stream, error, start, end, refused, channel)

    def _leave(self, stream: RecognizeStream, member: Member, start: float, what: str) -> bool:
        """Let others hear what lies behind *start*, and return true."""
        why = SwitchError(f"{member.label} {what}", retry_after=0)
        self._left[stream] = Left(why, start, stream.statistics().unread_events)
        self._scopes[stream].cancel()
        return True

    def _settled(self, stream: RecognizeStream) -> float:
        left = self._left.get(stream)
        return min(super()._settled(stream), left.start if left is not None else math.inf)

    # ---- what it says

    def _hear(self, event: SpeechEvent, stream: RecognizeStream, member: Member) -> None:
        left = self._left.get(stream)
        if left is not None and not left.takes_one_said_before():
            raise left.why  # what it says until it is cancelled is no answer to what others hear
        if not self._may_speak(member):
            return
        kind = event.type
        if kind is SpeechEventType.FINAL_TRANSCRIPT:
            event = self._with_end(event, stream)
        self._event_ch.send_nowait(event)
        if kind is SpeechEventType.START_OF_SPEECH:
            self._open = True
        elif kind is SpeechEventType.END_OF_SPEECH:
            self._open = False
        elif says_something(event):
            self._understood = True
            self._members.succeeded(member)
            self._probe.keep_sample(self._recent.frames, understood=True)
        self._note_covered(stream, member)
        # Who lost a race is up and slow: going back to it would begin the race anew.
        contested = self._race is not None and self._race.contested
        between = self._understood and not self._open and not contested
        if between and self._members.preferred(member):
            self._rules.tell(member, Happened.LEFT)
            raise SwitchError("a preferred engine has recovered", retry_after=0)

    def _on_silence(self, stream: RecognizeStream) -> None:
        self._note_covered(stream, self._listening[stream])

    def _note_covered(self, stream: RecognizeStream, member: Member) -> None:
        """What the member's finals and silences cover, the next one need not hear."""
        reach = self._settled(stream)
        news = reach > self._reached and not stream.statistics().unread_events
        if news and self._may_speak(member):
            self._reach(reach, stream)
            self._report_silence(self._reached)

    def _reach(self, time: float, stream: RecognizeStream) -> None:
        if time > self._reached:
            self._reached = time
            if stream not in self._left:  # else this lies before what was just refused
                self._rules.further()

    def _with_end(self, event: SpeechEvent, stream: RecognizeStream) -> SpeechEvent:
        """
        Say what the final of an engine without a clock covers.

        Left to itself, the base would count all that was passed on to the member, though some
        of it may still wait there.
        """
        data = event.alternatives[0] if event.alternatives else None
        if data is None:
            return event
        if data.end_time > 0:
            self._reach(data.end_time, stream)
            return event
        unread = stream.statistics().unread_events
        share = (self._settled(stream) - self._reached) / (unread + 1)
        start = self._reached
        self._reach(start + max(share, 1e-3), stream)
        timed = replace(data, start_time=start, end_time=self._reached)
        return replace(event, alternatives=[timed, *event.alternatives[1:]])

    def _core_on_failure(self, error: Exception, recoverable: bool, delay: float) -> None:
        if isinstance(error, SwitchError):
            following = self._next()
            logger.warning(
                "%s; %s goes on", error.message, following.label if following else "nobody"
            )
        else:
            super()._core_on_failure(error, recoverable, delay)
