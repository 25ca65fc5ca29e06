"""The engines of one fallback, and which of them can be relied on."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import anyio

from ..exceptions import APIConnectionError, APIError
from ..options import APIConnectOptions, STTCapabilities
from ..stt import STT
from ..vad import VAD
from .adapter_stream import with_queue
from .availability import Availability
from .stream_adapter import StreamAdapter

__all__ = (
    "AvailabilityChangedEvent",
    "Member",
    "Members",
    "checked_hedge",
    "common_capabilities",
)

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
        vad: makes streams of it if it cannot itself.
        interval: seconds until it is probed after a failure.
    """

    def __init__(self, stt: STT, vad: VAD | None, interval: float) -> None:
        self.stt = stt
        self.streamer: STT = _streamer(stt, vad)
        """What makes its streams, a `StreamAdapter` where it cannot itself."""
        self.health: Availability = Availability(interval)

    @property
    def label(self) -> str:
        """What logs and errors call it."""
        return self.stt.label

    def is_up(self) -> bool:
        """Whether it is relied on."""
        return self.health.up


class Members:
    """
    All of them, the preferred one first.

    Args:
        stts: the engines.
        vad: makes streams of those that recognise recordings only.
        options: the retries and the timeout that each gets.
        tell: given an event when a member goes down, or is up again.
    """

    def __init__(
        self,
        stts: Sequence[STT],
        vad: VAD | None,
        options: APIConnectOptions,
        tell: Callable[[AvailabilityChangedEvent], None],
    ) -> None:
        interval = options.retry_interval
        self.all: tuple[Member, ...] = tuple(Member(each, vad, interval) for each in stts)
        self._options = options
        self._tell = tell
        self._waiters: set[anyio.Event] = set()

    def options(self, conn_options: APIConnectOptions) -> APIConnectOptions:
        """
        Return *conn_options* with the retries and the timeout that a member gets.

        One that asks for a longer wait than `retry_interval` has failed: the next one is asked.
        """
        own = self._options
        return replace(
            conn_options,
            max_retry=own.max_retry,
            timeout=own.timeout,
            retry_interval=own.retry_interval,
            max_retry_after=own.retry_interval,
        )

    def failed(self, member: Member, error: Exception) -> None:
        """Note that *member* failed."""
        logger.debug("%s failed", member.label, exc_info=error)
        wait = error.retry_after if isinstance(error, APIError) else None
        if member.health.failed(anyio.current_time(), wait or 0.0):
            self._tell(AvailabilityChangedEvent(member.stt, False))
        self.look_again()

    def succeeded(self, member: Member) -> None:
        """Note that *member* understood something."""
        if member.health.succeeded(anyio.current_time()):
            logger.info("%s has recovered", member.label)
            self._tell(AvailabilityChangedEvent(member.stt, True))

    def preferred(self, member: Member) -> bool:
        """Whether a member that is preferred to *member* is up."""
        return any(each.is_up() for each in self.all[: self.all.index(member)])

    def in_order(self) -> list[Member]:
        """Return those that are up or due for a probe first, then the others."""
        now = anyio.current_time()
        return sorted(self.all, key=lambda each: not (each.is_up() or each.health.due(now)))

    def look_again(self) -> None:
        """Say that a probe may be due sooner than those who wait for one know."""
        for changed in self._waiters:
            changed.set()

    async def until_probe_is_due(self) -> None:
        """Wait until a member is to be probed."""
        while (due := min(each.health.probe_at for each in self.all)) > anyio.current_time():
            changed = anyio.Event()
            self._waiters.add(changed)
            try:
                with anyio.CancelScope(deadline=due):
                    await changed.wait()
            finally:
                self._waiters.discard(changed)

    def all_failed(self, last: Exception | None) -> APIConnectionError:
        """Return the error for when no member is left."""
        labels = ", ".join(member.label for member in self.all)
        error = APIConnectionError(f"all STTs failed ({labels})", retryable=False)
        error.__cause__ = last
        return error


def common_capabilities(members: Iterable[Member]) -> STTCapabilities:
    """Return what every one of *members* can do."""
    all_of = [member.streamer.capabilities for member in members]
    aligned = all_of[0].aligned_transcript
    return STTCapabilities(
        streaming=True,
        interim_results=all(each.interim_results for each in all_of),
        diarization=all(each.diarization for each in all_of),
        aligned_transcript=aligned if all(each.aligned_transcript for each in all_of) else False,
        offline_recognize=all(each.offline_recognize for each in all_of),
        turns=all(each.turns for each in all_of),
        max_uncovered=with_queue(each.max_uncovered for each in all_of),
    )


def checked_hedge(seconds: float | None) -> float:
    """
    Return `hedge_after` as a number.

    Raises:
        ValueError: for a negative one.
    """
    if seconds is not None and not seconds >= 0:
        raise ValueError(f"hedge_after must be 0 or more, got {seconds!r}")
    return math.inf if seconds is None else seconds


def _streamer(stt: STT, vad: VAD | None) -> STT:
    if stt.capabilities.streaming:
        return stt
    if vad is None:
        raise ValueError(f"{stt.label} recognises recordings only; give vad= to make streams of it")
    return StreamAdapter(stt=stt, vad=vad)
