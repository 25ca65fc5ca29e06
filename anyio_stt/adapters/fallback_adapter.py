"""An engine that goes on with another when one fails."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import anyio

from ..audio.frame import AudioBuffer
from ..events import SpeechEvent
from ..exceptions import APIConnectionError
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from ..stream import RecognizeStream
from ..stt import STT
from ..vad import VAD
from .adapter import Adapter
from .availability import Availability
from .fallback_probe import Probe
from .fallback_stream import FallbackStream
from .stream_adapter import StreamAdapter

__all__ = ("AvailabilityChangedEvent", "FallbackAdapter", "Member")

logger: logging.Logger = logging.getLogger("anyio_stt")


@dataclass(frozen=True)
class AvailabilityChangedEvent:
    """
    Given to `stt_availability_changed` listeners.

    Args:
        stt: the member.
        available: whether it is relied on from now on.
    """

    stt: STT
    available: bool


class Member:
    """
    One engine of a fallback.

    Args:
        stt: the engine as the caller gave it.
        streamer: what makes its streams, a `StreamAdapter` where it cannot itself.
        interval: seconds until it is probed after a failure.
    """

    def __init__(self, stt: STT, streamer: STT, interval: float) -> None:
        self.stt = stt
        self.streamer = streamer
        self.health: Availability = Availability(interval)


class FallbackAdapter(Adapter):
    """
    Recognises with the first of its engines that works.

    A stream goes on with the next engine when one fails: the audio that no FINAL covers is
    heard again by the next, on one audio clock, so nothing is lost or said twice. A member that
    failed is probed, with the last words that another one understood, until it answered twice
    in a row; then streams return to it between two utterances. Probes run in the task groups of
    the streams, so none outlives them; `recognize` tries a member that is due itself.

    Listeners of `stt_availability_changed` are given an `AvailabilityChangedEvent`; `error` and
    `metrics_collected` are the members' own, probes included.

    Args:
        stt: the engines, the preferred one first; they stay the caller's to close.
        vad: makes streams of members that recognise recordings only.
        attempt_timeout: seconds each attempt of a member gets, as `APIConnectOptions.timeout`.
        max_retry_per_stt: how often a member is tried again before the next one is.
        retry_interval: the longest wait between a member's attempts, and the wait until its
            first probe; it doubles with each that fails, up to sixteenfold.
        hedge_after: the next member is asked too when one has not answered after so many
            seconds, in a stream after so many since its first audio; the first answer wins, and
            who has not answered is cancelled. In a stream that goes on for `replay_limit` seconds
            of audio, 60 at most; then who has heard most goes on. `None` waits for each.

    Raises:
        ValueError: without members, for one that cannot stream when there is no *vad*, or for a
            negative number.
    """

    EVENTS = STT.EVENTS | {"stt_availability_changed"}

    def __init__(
        self,
        stt: Sequence[STT],
        *,
        vad: VAD | None = None,
        attempt_timeout: float = 10.0,
        max_retry_per_stt: int = 1,
        retry_interval: float = 5.0,
        hedge_after: float | None = None,
    ) -> None:
        if not stt:
            raise ValueError("a FallbackAdapter needs at least one STT, got none")
        if hedge_after is not None and not hedge_after >= 0:
            raise ValueError(f"hedge_after must be 0 or more, got {hedge_after!r}")
        self._members_options = APIConnectOptions(
            max_retry=max_retry_per_stt, timeout=attempt_timeout, retry_interval=retry_interval
        )
        self.members: tuple[Member, ...] = tuple(
            Member(each, _streamer(each, vad), retry_interval) for each in stt
        )
        self.hedge_after: float = math.inf if hedge_after is None else hedge_after
        self.probe: Probe = Probe(self)
        super().__init__(
            [member.streamer for member in self.members],
            capabilities=_capabilities(member.streamer for member in self.members),
        )

    # ---- streams

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        """
        Make a stream; it starts nothing until its block is entered.

        Of *conn_options*, retries and `timeout` are replaced by those of the adapter.
        """
        return FallbackStream(self, language=language, conn_options=conn_options)

    def member_options(self, conn_options: APIConnectOptions) -> APIConnectOptions:
        """Return *conn_options* with the retries and the timeout that a member gets."""
        own = self._members_options
        return replace(
            conn_options,
            max_retry=own.max_retry,
            timeout=own.timeout,
            retry_interval=own.retry_interval,
        )

    def choose(self, tried: Iterable[Member]) -> Member | None:
        """Return the first member that is up, or else any, that is not among *tried*."""
        left = [member for member in self.members if member not in tried]
        return next((member for member in left if member.health.up), left[0] if left else None)

    def recovered(self, member: Member) -> bool:
        """Whether a member that is preferred to *member* is up."""
        return any(each.health.up for each in self.members[: self.members.index(member)])

    def failed(self, member: Member, error: Exception) -> None:
        """Note that *member* failed."""
        logger.warning("%s failed: %r", member.stt.label, error)
        if member.health.failed(anyio.current_time()):
            self.emit("stt_availability_changed", AvailabilityChangedEvent(member.stt, False))
        self.probe.wake()

    def succeeded(self, member: Member) -> None:
        """Note that *member* understood something."""
        if member.health.succeeded(anyio.current_time()):
            logger.info("%s has recovered", member.stt.label)
            self.emit("stt_availability_changed", AvailabilityChangedEvent(member.stt, True))

    def all_failed(self, last: Exception | None) -> APIConnectionError:
        """Return the error for when no member is left."""
        labels = ", ".join(member.stt.label for member in self.members)
        error = APIConnectionError(f"all STTs failed ({labels})", retryable=False)
        error.__cause__ = last
        return error

    # ---- recordings

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        answers: list[SpeechEvent] = []
        failures: list[Exception] = []

        async def ask(member: Member, done: anyio.Event) -> None:
            try:
                answer = await member.stt.recognize(
                    buffer, language=language, conn_options=self.member_options(conn_options)
                )
            except Exception as exc:  # noqa: BLE001 - the next member is asked instead
                failures.append(exc)
                self.failed(member, exc)
            else:
                answers.append(answer)
                self.succeeded(member)
                tasks.cancel_scope.cancel()
            finally:
                done.set()

        async with anyio.create_task_group() as tasks:
            for member in self._order():
                done = anyio.Event()
                tasks.start_soon(ask, member, done)
                with anyio.move_on_after(self.hedge_after):
                    await done.wait()
        if not answers:
            raise self.all_failed(failures[-1])
        return answers[0]

    def _order(self) -> list[Member]:
        """Those that are up or due for a probe come first, then the others."""
        now = anyio.current_time()
        return sorted(
            self.members, key=lambda member: not (member.health.up or member.health.due(now))
        )

    async def aclose(self) -> None:
        """Close every stream and end every `recognize` of the adapter. Idempotent."""
        await super().aclose()
        for member in self.members:
            if member.streamer is not member.stt:
                await member.streamer.aclose()


def _streamer(stt: STT, vad: VAD | None) -> STT:
    if stt.capabilities.streaming:
        return stt
    if vad is None:
        raise ValueError(f"{stt.label} recognises recordings only; give vad= to make streams of it")
    return StreamAdapter(stt=stt, vad=vad)


def _capabilities(members: Iterable[STT]) -> STTCapabilities:
    all_of = [member.capabilities for member in members]
    aligned = all_of[0].aligned_transcript
    return STTCapabilities(
        streaming=True,
        interim_results=all(each.interim_results for each in all_of),
        diarization=all(each.diarization for each in all_of),
        aligned_transcript=aligned if all(each.aligned_transcript for each in all_of) else False,
        offline_recognize=all(each.offline_recognize for each in all_of),
    )
