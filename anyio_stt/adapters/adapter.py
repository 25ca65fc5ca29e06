"""What adapters have in common: their members retry, measure and report; they do not."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from ..audio.frame import AudioFrame
from ..exceptions import StreamClosedError
from ..metrics import STTError, STTMetrics
from ..options import APIConnectOptions, STTCapabilities
from ..stream import RecognizeStream
from ..stt import STT
from ..vad import VADStream

__all__ = ("Adapter", "AdapterStream")

_PIECE = 1.0  # seconds


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
        self.emit("error", error)

    def _report(self, event: str, report: STTMetrics | STTError) -> None:
        """Tell nobody: the members told of it."""

    def _own_options(self, conn_options: APIConnectOptions) -> APIConnectOptions:
        return replace(conn_options, max_retry=0, timeout=math.inf)


class AdapterStream(RecognizeStream):
    """
    A stream that passes its audio on.

    Args:
        stt: the adapter that makes it.
        conn_options: what the caller chose; it goes to the members, and its bounds hold here.
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
        self._given_options = conn_options
        # A member must not be given so much that, with what it has read already, more than
        # `replay_limit` would have to be heard again.
        self._member_options = replace(
            conn_options,
            max_pending_audio=min(
                conn_options.max_pending_audio, max(conn_options.replay_seconds() / 4, 2 * _PIECE)
            ),
        )

    async def _relay(
        self, stream: RecognizeStream | VADStream, items: AsyncIterator[Any] | None = None
    ) -> None:
        """
        Pass everything this attempt reads, or *items*, on to *stream*, at the pace it is heard.

        When the stream fails, whoever iterates it is told; this only ends.
        """
        try:
            async for item in self._input_ch if items is None else items:
                if isinstance(item, self._FlushSentinel):
                    stream.flush()
                else:
                    await self._pass_on(item, stream)
            stream.end_input()
        except StreamClosedError:
            return

    async def _pass_on(self, frame: AudioFrame, stream: RecognizeStream | VADStream) -> None:
        for piece in _pieces(frame):
            await stream.send_frame(piece)


def _pieces(frame: AudioFrame) -> list[AudioFrame]:
    size = max(1, round(_PIECE * frame.sample_rate))
    total = frame.samples_per_channel
    if total <= size:
        return [frame]
    return [frame.slice(first, min(first + size, total)) for first in range(0, total, size)]
