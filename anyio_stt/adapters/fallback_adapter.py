"""An engine that goes on with another when one fails."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

import anyio

from ..audio.frame import AudioBuffer
from ..events import SpeechEvent
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from ..stream import RecognizeStream
from ..stt import STT
from ..vad import VAD
from .adapter import Adapter
from .fallback_members import AvailabilityChangedEvent, Members, checked_hedge, common_capabilities
from .fallback_probe import Probe
from .fallback_recognition import recognize
from .fallback_stream import FallbackStream

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from typing_extensions import Self

__all__ = ("FallbackAdapter",)


class FallbackAdapter(Adapter):
    """
    Recognises with the first of its engines that works.

    When an engine fails, a stream goes on with the next one, which first gets the audio that no
    FINAL covers, on one audio clock: nothing is lost or said twice. The stream fails when every
    engine has failed without progress in between. A member that failed is probed, with the last
    words that another one understood, until it has answered twice in a row; then streams return to
    it between two utterances. Probes run in the adapter's block and in its streams, so none
    outlives them; without either, `recognize` itself tries a member that is due.

    An utterance that a member refuses for good (because it is too short, say) is first offered to
    the others that are up, then given up; no member is marked down for it.

    Listeners of `stt_availability_changed` get an `AvailabilityChangedEvent`; `error` and
    `metrics_collected` are the members' own, probes included.

    Args:
        stt: the engines, the preferred one first; they stay the caller's to close.
        vad: makes streams of members that recognise recordings only.
        attempt_timeout: seconds each attempt of a member gets, as `APIConnectOptions.timeout`.
        max_retry_per_stt: how often a member is retried before the next one is asked.
        retry_interval: the longest wait between a member's attempts, and the wait until its
            first probe; it doubles with each probe that fails, up to sixteen times. A member that
            asks for a longer wait (`Retry-After`) is not waited for.
        hedge_after: seconds after which the next member is asked too, if one has not answered; in a
            stream, counted from its first audio. The first answer wins, and the others are
            cancelled. In a stream, both run for at most `replay_limit` seconds of audio, 60 at
            most; then the one that has read most goes on. `None` asks one at a time.

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
        self._hedge_after = checked_hedge(hedge_after)
        options = APIConnectOptions(
            max_retry=max_retry_per_stt, timeout=attempt_timeout, retry_interval=retry_interval
        )
        self._fallback = Members(stt, vad, options, self._tell_availability)
        self._probe = Probe(self._fallback)
        self._background: TaskGroup | None = None
        super().__init__(
            [member.streamer for member in self._fallback.all],
            capabilities=common_capabilities(self._fallback.all),
        )

    @property
    def _first(self) -> STT:
        return next((each.stt for each in self._fallback.all if each.is_up()), self._members[0])

    def _tell_availability(self, event: AvailabilityChangedEvent) -> None:
        self.emit("stt_availability_changed", event)

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
        return FallbackStream(
            self,
            self._fallback,
            self._probe,
            hedge_after=self._hedge_after,
            language=language,
            conn_options=conn_options,
        )

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        try:
            event = await recognize(
                self._fallback, buffer, self._hedge_after, language, conn_options
            )
        except Exception:
            self._probe.keep_sample(buffer, understood=False)
            raise
        understood = any(data.text for data in event.alternatives)
        self._probe.keep_sample(buffer, understood=understood)
        return event

    # ---- the block, in which members are probed also when no stream is open

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._background, self._probing = anyio.create_task_group(), anyio.CancelScope()
        await self._background.__aenter__()
        self._background.start_soon(self._keep_probing, name=f"{self.label} probes")
        return self

    async def _keep_probing(self) -> None:
        with self._probing:  # not the group's own scope: that would cancel the block's body
            await self._probe.run()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        background, self._background = self._background, None
        try:
            await super().__aexit__(exc_type, exc, traceback)
        finally:
            if background is not None:
                self._probing.cancel()
                await background.__aexit__(None, None, None)

    async def aclose(self) -> None:
        """Close every stream and end every `recognize` of the adapter. Idempotent."""
        if self._background is not None:
            self._probing.cancel()
        await super().aclose()
        for member in self._fallback.all:
            if member.streamer is not member.stt:
                await member.streamer.aclose()
