"""What adapters have in common: their members retry, measure and report; they do not."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import anyio

from ..audio.frame import AudioFrame
from ..exceptions import APIConnectionError, AudioLostError, StreamClosedError
from ..metrics import STTError, STTMetrics
from ..options import APIConnectOptions, STTCapabilities
from ..stream import RecognizeStream
from ..stt import STT
from ..vad import VADStream

__all__ = ("Adapter", "AdapterStream", "with_queue")

_PIECE = 1.0  # seconds

_QUEUE = 0.25
"""The part of what may have to be heard again that may wait for a member."""


def with_queue(max_uncovered: Iterable[float | None]) -> float | None:
    """Return `max_uncovered` of an adapter, given its members': what waits for them adds to it."""
    known = [each for each in max_uncovered if each is not None]
    return max(known) / (1 - _QUEUE) if known else None


class Adapter(STT):
    """
    An engine made of engines.

    Its listeners hear what its members report, with the members' labels, once. Closing it
    closes what it made; its members stay the caller's, to be used elsewhere and closed.

    Args:
        members: the engines it is made of.
        capabilities: what it can do.
    """

    def __init__(self, members: Sequence[STT], *, capabilities: STTCapabilities) -> None:
        super().__init__(capabilities=capabilities)
        self._members = tuple(members)
        for member in self._members:
            member.on("metrics_collected", self._pass_metrics)
            member.on("error", self._pass_error)

    async def aclose(self) -> None:
        """Close every stream and end every `recognize` of the adapter. Idempotent."""
        try:
            await super().aclose()
        finally:
            for member in self._members:
                member.off("metrics_collected", self._pass_metrics)
                member.off("error", self._pass_error)

    def _pass_metrics(self, metrics: STTMetrics) -> None:
        self.emit("metrics_collected", metrics)

    def _pass_error(self, error: STTError) -> None:
        # What a member lost another one may have: the adapter's own streams tell what is lost.
        if not isinstance(error.error, AudioLostError):
            self.emit("error", error)

    def _core_report(self, event: str, report: STTMetrics | STTError) -> None:
        """Tell of audio that was lost, and of nothing else: the members told of it."""
        if isinstance(report, STTError) and isinstance(report.error, AudioLostError):
            self.emit(event, report)

    def _core_own_options(self, conn_options: APIConnectOptions) -> APIConnectOptions:
        return replace(conn_options, max_retry=0, timeout=math.inf)


class AdapterStream(RecognizeStream):
    """
    A stream that passes its audio on.

    Args:
        stt: the adapter that makes it.
        conn_options: what the caller chose; it goes to the members, and its bounds hold here.
        max_retry: how often `_run` is called again after it raised a retryable error.
    """

    def __init__(self, *, stt: STT, conn_options: APIConnectOptions, max_retry: int = 0) -> None:
        own = replace(
            conn_options,
            max_retry=max_retry,
            timeout=math.inf,
            drain_timeout=None,
            idle_timeout=None,
        )
        super().__init__(stt=stt, conn_options=own)
        self._given_options = self._core_flush_options = conn_options
        # A member must not be given so much that, with what it has read already, more than
        # `replay_limit` would have to be heard again.
        kept = conn_options.replay_seconds(stt.capabilities.max_uncovered)
        most = max(kept * _QUEUE, 2 * _PIECE)
        self._member_options = replace(
            conn_options, max_pending_audio=min(conn_options.max_pending_audio, most)
        )
        self._piece = min(_PIECE, self._member_options.max_pending_audio)

    async def _follow(
        self,
        stream: RecognizeStream | VADStream,
        hear: Callable[[Any], None],
        items: AsyncIterator[Any] | None = None,
    ) -> None:
        """
        Pass the audio on to *stream*, *hear* what it says, and return when it has ended.

        Args:
            stream: who is given everything this attempt reads.
            hear: called with each of its events.
            items: what is passed on in place of what the attempt reads.

        Raises:
            APIConnectionError: when *stream* was closed, or ended before it was given all: what
                it was given since is not recognised.
            Exception: what *stream* failed with, or what *hear* raised.
        """
        failure: Exception | None = None
        given_all = False
        self._watch(stream)
        async with stream, anyio.create_task_group() as tasks:

            async def relay() -> None:
                nonlocal given_all
                given_all = await self._relay(stream, items)

            tasks.start_soon(relay)
            try:
                async for event in stream:
                    hear(event)
                self._check_ended_well(stream, given_all=given_all)
            except Exception as exc:  # noqa: BLE001 - raised below, so that no group wraps it
                failure = exc
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure

    def _watch(self, stream: RecognizeStream | VADStream) -> None:
        """Have what *stream* loses counted as lost here, and what is silent there as silent."""
        if isinstance(stream, RecognizeStream):

            def on_loss(error: BaseException | None, start: float, end: float, final: bool) -> bool:
                return self._on_loss(stream, error, start, end, final)

            stream._core_watch(on_loss, lambda: self._on_silence(stream))  # noqa: SLF001 - likewise

    def _on_loss(
        self,
        stream: RecognizeStream,  # noqa: ARG002 - for those that listen to several
        error: BaseException | None,
        start: float,
        end: float,
        refused: bool,
    ) -> bool:
        """Note that *stream* gives audio up; return whether somebody else is asked instead."""
        if refused and isinstance(error, Exception):
            self._report_refused(error, start, end)
        else:
            self._core_lose(error, start, end)
        return False

    def _on_silence(self, stream: RecognizeStream) -> None:
        """Note that more of *stream* is known to be silent, which no event tells."""
        self._note_settled(stream)

    def _note_settled(self, stream: RecognizeStream, channel: int | None = None) -> None:
        """What *stream* has answered needs no other answer, once all its events were read."""
        if not stream.statistics().unread_events:
            self._report_silence(self._settled(stream), channel)

    def _settled(self, stream: RecognizeStream) -> float:
        """Return up to where *stream* has answered, in seconds; what it cut off is no answer."""
        return stream._core_answered()  # noqa: SLF001 - an adapter is the base's other half

    def _check_ended_well(self, stream: RecognizeStream | VADStream, *, given_all: bool) -> None:
        """
        Raise unless *stream*, whose events have ended, answered all this attempt reads.

        Raises:
            APIConnectionError: when it was closed, or ended before it was *given_all*.
        """
        closed = isinstance(stream, RecognizeStream) and stream.statistics().state == "closed"
        if closed or not given_all:
            raise APIConnectionError(
                f"what {self.label} listens to ended before it had recognised all it was given: "
                "it was closed, or its engine returned"
            )

    async def _relay(
        self, stream: RecognizeStream | VADStream, items: AsyncIterator[Any] | None = None
    ) -> bool:
        """
        Pass everything this attempt reads, or *items*, on to *stream*, at the pace it is heard.

        Return whether it was given all. When the stream fails, whoever iterates it is told.
        """
        try:
            async for item in self._input_ch if items is None else items:
                if isinstance(item, self._FlushSentinel):
                    self._pass_marker(stream)
                else:
                    await self._pass_on(item, stream)
            stream.end_input()
        except StreamClosedError:
            return False
        return True

    def _pass_marker(self, stream: RecognizeStream | VADStream) -> None:
        stream.flush()

    async def _pass_on(self, frame: AudioFrame, stream: RecognizeStream | VADStream) -> None:
        for piece in _pieces(frame, self._piece):
            await stream.send_frame(piece)


def _pieces(frame: AudioFrame, longest: float) -> list[AudioFrame]:
    size = max(1, math.floor(longest * frame.sample_rate))
    total = frame.samples_per_channel
    if total <= size:
        return [frame]
    return [frame.slice(first, min(first + size, total)) for first in range(0, total, size)]
