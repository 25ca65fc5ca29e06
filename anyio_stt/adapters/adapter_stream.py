"""What the streams of adapters have in common: they pass their audio on."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from typing import Any

import anyio

from ..audio.frame import AudioFrame
from ..exceptions import APIConnectionError, StreamClosedError
from ..options import APIConnectOptions
from ..stream import RecognizeStream
from ..stt import STT
from ..vad import VADStream
from .member_changes import MemberChanges

__all__ = ("AdapterStream", "with_queue")

logger: logging.Logger = logging.getLogger("anyio_stt")

_PIECE = 1.0  # seconds

_QUEUE = 0.25
"""The part of what may have to be heard again that may wait for a member."""


def with_queue(max_uncovered: Iterable[float | None]) -> float | None:
    """Return `max_uncovered` of an adapter, given its members': what waits for them adds to it."""
    known = [each for each in max_uncovered if each is not None]
    return max(known) / (1 - _QUEUE) if known else None


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
        self._changes = MemberChanges()
        self._has_warned = False

    # ---- options

    def _core_prepare_change(self, options: dict[str, Any]) -> Callable[[], None]:
        self._core_stt._core_check_stream_change(options)  # noqa: SLF001 - the base's half
        return lambda: self._core_take_change(options)

    def _core_take_change(self, options: dict[str, Any]) -> None:
        pushed = settled = 0.0
        if self._core_launched:
            pushed = self._core_queue.seconds(self._core_queue.written)
            settled = self._core_covered()
        self._changes.add(options, pushed, settled)
        for stream in self._changes.streams:
            self._pass_changes(stream)

    def _option_at(self, time: float, name: str, otherwise: Any) -> Any:
        """Return what the option *name* is from *time* on, which is the attempt's."""
        if self._core_attempt is not None:
            time, _ = self._core_attempt.on_clock(time, time)
        return self._changes.told(name, otherwise, time)

    def _pass_changes(self, stream: RecognizeStream) -> None:
        """Tell *stream* of changes, once it was given all that lies before them."""
        if self._core_attempt is not None and self._changes.wait_for(stream):
            origin, _ = self._core_attempt.on_clock(0.0, 0.0)
            for options in self._changes.news(stream, origin + stream.statistics().pushed):
                stream._core_take_change(options)  # noqa: SLF001 - likewise

    # ---- audio

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

            def on_loss(
                error: BaseException | None, start: float, end: float, final: bool, on: int | None
            ) -> bool:
                return self._on_loss(stream, error, start, end, final, on)

            stream._core_watch(on_loss, lambda: self._on_silence(stream))  # noqa: SLF001 - likewise
            self._changes.watch(stream)
            self._pass_changes(stream)

    def _on_loss(
        self,
        stream: RecognizeStream,  # noqa: ARG002 - for those that listen to several
        error: BaseException | None,
        start: float,
        end: float,
        refused: bool,
        channel: int | None,
    ) -> bool:
        """Note that *stream* gives audio up; return whether somebody else is asked instead."""
        if refused and isinstance(error, Exception):
            self._report_refused(error, start, end, channel)
        else:
            self._core_lose(error, start, end, channel)
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
                f"a member's stream of {self.label} ended before it had recognised all its audio: "
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
        if frame.num_channels > 1 and not self._has_warned:
            self._warn_if_mixed(frame.num_channels, stream)
        if isinstance(stream, RecognizeStream):
            self._pass_changes(stream)
        for piece in _pieces(frame, self._piece):
            await stream.send_frame(piece)

    def _warn_if_mixed(self, channels: int, stream: RecognizeStream | VADStream) -> None:
        """Say once when *stream* hears all channels as one: opposite ones would cancel out."""
        who = "detectors that work in mono"
        if isinstance(stream, RecognizeStream):
            if stream._core_stt.capabilities.num_channels != 1:  # noqa: SLF001 - likewise
                return
            who = f"engines of one channel, such as {stream.label},"
        self._has_warned = True
        logger.warning(
            "%s: %s mix %d channels down before they hear them; MultiChannel recognises each by "
            "itself",
            self.label,
            who,
            channels,
        )


def _pieces(frame: AudioFrame, longest: float) -> list[AudioFrame]:
    size = max(1, math.floor(longest * frame.sample_rate))
    total = frame.samples_per_channel
    if total <= size:
        return [frame]
    return [frame.slice(first, min(first + size, total)) for first in range(0, total, size)]
