"""A stream whose attempts go to different engines."""

from __future__ import annotations

import logging
import math
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from ..audio.frame import AudioFrame
from ..events import SpeechEvent, SpeechEventType
from ..exceptions import APIConnectionError
from ..options import APIConnectOptions
from ..stream import RecognizeStream
from ..vad import VADStream
from .adapter import AdapterStream
from .fallback_probe import says_something
from .race import Lane, Race

if TYPE_CHECKING:
    from .fallback_adapter import FallbackAdapter, Member

__all__ = ("FallbackStream",)

logger: logging.Logger = logging.getLogger("anyio_stt")

_NEVER_SPENT = 1_000_000
"""Retries of the base: it is the stream that gives up, when every member has failed."""

_SAMPLE = 10.0
"""The longest audio a probe is made with, in seconds."""

_LONGEST_RACE = 60.0
"""Seconds of audio after which one member goes on alone, even where `replay_limit` has no end."""


class _Handover(APIConnectionError):
    """Ends an attempt that works, because a preferred engine has recovered."""


class FallbackStream(AdapterStream):
    """
    A stream of a `FallbackAdapter`: each attempt is one member's.

    Args:
        adapter: the adapter that makes it.
        language: what is spoken, where members can be told.
        conn_options: bounds, and the members' deadlines.
    """

    def __init__(
        self, adapter: FallbackAdapter, *, language: str | None, conn_options: APIConnectOptions
    ) -> None:
        super().__init__(stt=adapter, conn_options=conn_options, max_retry=_NEVER_SPENT)
        self._adapter = adapter
        self._language = language
        self._tried: set[Member] = set()
        self._last_failure: Exception | None = None
        self._race: Race | None = None
        self._listening: dict[RecognizeStream, Member] = {}
        self._recent: deque[AudioFrame] = deque()
        self._recent_seconds = 0.0

    async def _run(self) -> None:
        member = self._adapter.choose(self._tried)
        if member is None:
            raise self._adapter.all_failed(self._last_failure)
        self._tried.add(member)
        self._open = self._understood = False
        self._reached = 0.0
        self._listening.clear()
        began = anyio.current_time()
        if self._adapter.hedge_after < math.inf:
            member, failure = await self._hedge(member)
        else:
            failure = await self._listen_to(member)
        if failure is None:
            return
        if isinstance(failure, _Handover):
            raise failure
        self._adapter.failed(member, failure)
        self._last_failure = failure
        if anyio.current_time() - began > self._given_options.timeout:
            self._tried = {member}  # it worked for long: the others get another chance
        raise APIConnectionError(
            f"{member.stt.label} failed, the next engine goes on: {failure}", retry_after=0
        ) from failure

    async def _hedge(self, first: Member) -> tuple[Member, Exception | None]:
        """Let the next member recognise too when *first* has not answered in time."""
        limit = min(self._given_options.replay_seconds(), _LONGEST_RACE)
        self._race = race = Race(self._input_ch, limit, self._keep_recent)

        async def contend(member: Member) -> None:
            failure = await race.run(member, self._listen_to)
            if failure is not None and race.running:  # the other one goes on
                self._adapter.failed(member, failure)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(contend, first)
            if not await race.settled_within(self._adapter.hedge_after):
                second = self._adapter.choose(self._tried)
                if second is not None:
                    logger.info("%s has not answered yet", first.stt.label)
                    self._tried.add(second)
                    tasks.start_soon(contend, second)
        self._tried -= race.losers  # they have not failed
        return race.outcome()

    async def _listen_to(self, member: Member) -> Exception | None:
        """Let *member* recognise; return what it failed with."""
        failure: Exception | None = None
        options = self._adapter.member_options(self._member_options)
        try:
            async with (
                member.streamer.stream(language=self._language, conn_options=options) as stream,
                anyio.create_task_group() as tasks,
            ):
                self._listening[stream] = member
                lane = None if self._race is None else Lane(self._race, member)
                tasks.start_soon(self._relay, stream, lane)
                tasks.start_soon(self._adapter.probe.run)
                try:
                    async for event in stream:
                        if self._may_speak(stream):
                            self._say(event, stream, member)
                except Exception as exc:  # noqa: BLE001 - returned, so that no group wraps it
                    failure = exc
                tasks.cancel_scope.cancel()
        except Exception as exc:  # noqa: BLE001 - it could not even be started
            failure = failure or exc
        return failure

    async def _pass_on(self, frame: AudioFrame, stream: RecognizeStream | VADStream) -> None:
        await super()._pass_on(frame, stream)
        if self._race is None:
            self._keep_recent(frame)
        if isinstance(stream, RecognizeStream):
            self._note_covered(stream)

    def _keep_recent(self, frame: AudioFrame) -> None:
        self._recent.append(frame)
        self._recent_seconds += frame.duration
        while self._recent_seconds - self._recent[0].duration > _SAMPLE:
            self._recent_seconds -= self._recent.popleft().duration

    def _may_speak(self, stream: RecognizeStream) -> bool:
        """Whether *stream* is the one that is listened to; of two that contend, who asks first."""
        return self._race is None or self._race.answer(self._listening[stream])

    def _note_covered(self, stream: RecognizeStream) -> None:
        """What the member's finals and silences cover, the next one need not hear."""
        statistics = stream.statistics()
        news = statistics.recognised > self._reached and not statistics.unread_events
        if news and self._may_speak(stream):
            self._reached = statistics.recognised
            self._report_silence(self._reached)

    def _say(self, event: SpeechEvent, stream: RecognizeStream, member: Member) -> None:
        kind = event.type
        if kind is SpeechEventType.FINAL_TRANSCRIPT:
            event = self._with_end(event, stream)
        self._event_ch.send_nowait(event)
        if kind is SpeechEventType.START_OF_SPEECH:
            self._open = True
        elif kind is SpeechEventType.END_OF_SPEECH:
            self._open = False
        elif says_something(event):
            self._understand(member)
        self._note_covered(stream)
        # Who lost a race is up and slow: going back to it would begin the race anew.
        contested = self._race is not None and self._race.contested
        between = self._understood and not self._open and not contested
        if between and self._adapter.recovered(member):
            raise _Handover("a preferred engine has recovered: going on with it", retry_after=0)

    def _understand(self, member: Member) -> None:
        self._tried = {member}
        self._understood = True
        self._adapter.succeeded(member)
        self._adapter.probe.keep_sample(list(self._recent))

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
            self._reached = max(self._reached, data.end_time)
            return event
        statistics = stream.statistics()
        share = (statistics.recognised - self._reached) / (statistics.unread_events + 1)
        start, self._reached = self._reached, self._reached + max(share, 1e-3)
        timed = replace(data, start_time=start, end_time=self._reached)
        return replace(event, alternatives=[timed, *event.alternatives[1:]])

    def _on_failure(self, error: Exception, recoverable: bool, delay: float) -> None:
        if isinstance(error, _Handover):
            logger.info("%s: %s", self._label, error)
        else:
            super()._on_failure(error, recoverable, delay)
