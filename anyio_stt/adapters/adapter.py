"""What adapters have in common: their members retry, measure and report; they do not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..exceptions import AudioLostError
from ..metrics import STTError, STTMetrics
from ..options import APIConnectOptions, STTCapabilities
from ..stt import STT
from .adapter_stream import AdapterStream as AdapterStream
from .adapter_stream import with_queue as with_queue

__all__ = ("Adapter", "AdapterStream", "with_queue")


class Adapter(STT):
    """
    An engine made of engines.

    Its listeners get its members' events once, with the members' labels. Closing it closes what it
    made. The members stay the caller's, who may use them elsewhere and closes them.

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

    @property
    def model(self) -> str:
        """The model of the member that is asked first."""
        return self._first.model

    @property
    def provider(self) -> str:
        """Who provides it."""
        return self._first.provider

    def prewarm(self) -> None:
        """Let the member that is asked first load what it needs; this may block."""
        self._first.prewarm()

    @property
    def _first(self) -> STT:
        return self._members[0]

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

    def _core_prepare_change(
        self, options: dict[str, Any], *, streams: bool = True
    ) -> Callable[[], None]:
        changes = [
            member._core_prepare_change(options, streams=False)  # noqa: SLF001 - the base's half
            for member in self._members
        ]
        opened: list[Any] = list(self._core_streams) if streams else []

        def change() -> None:
            for each in changes:
                each()
            for stream in opened:
                stream._core_take_change(options)  # noqa: SLF001 - likewise

        return change

    def _core_check_stream_change(self, options: dict[str, Any]) -> None:
        for member in self._members:
            member._core_check_stream_change(options)  # noqa: SLF001 - likewise

    def _core_own_options(self, conn_options: APIConnectOptions) -> APIConnectOptions:
        return replace(conn_options, max_retry=0, timeout=math.inf)
