"""An engine: what recognises a recording at once, and makes streams."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING

import anyio
from anyio.lowlevel import checkpoint

from ._core.attempts import AttemptLoop
from ._core.changeable_engine import ChangeableEngine
from ._core.recognition import Recognition
from ._core.recordings import as_declared
from ._util.clock import wall_clock
from ._util.emitter import EventEmitter
from ._util.failures import sole_error
from ._util.resources import ClosableT, Resources
from .audio.frame import AudioBuffer
from .events import SpeechEvent, SpeechEventType
from .exceptions import APITimeoutError, StreamClosedError
from .metrics import STTError, STTMetrics
from .options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from .transcription import AudioSource, TranscribeOptions, transcribe

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from .stream import RecognizeStream

__all__ = ("STT",)

_CLOSE_SECONDS = 5.0


class STT(ABC, ChangeableEngine, EventEmitter):
    """
    A speech-to-text engine.

    Leaving its block, or `aclose()`, closes every stream it made and ends every `recognize`.
    Events for listeners (`on`), with their arguments: `metrics_collected` (an `STTMetrics`),
    `error` (an `STTError`), `stream_started` (the stream), `stream_ended` (the stream, its error or
    `None`), `attempt_started` (the stream, the attempt's number), `attempt_ended` (the stream, its
    error or `None`; not sent for an attempt that the end of its stream cuts off) and `speech_event`
    (the stream and each event, before it is read, in streams started after the listener was added).

    An engine subclasses it and writes `_recognize_impl`, or `stream`, or both.

    Args:
        capabilities: what the engine can do.
    """

    EVENTS = frozenset(
        {
            "metrics_collected",
            "error",
            "speech_event",
            "stream_started",
            "stream_ended",
            "attempt_started",
            "attempt_ended",
        }
    )

    OF_STREAMS = frozenset(each.value for each in SpeechEventType)

    def __init__(self, *, capabilities: STTCapabilities) -> None:
        super().__init__()
        self._capabilities = capabilities
        self._label = f"{type(self).__module__}.{type(self).__name__}"
        self._core_streams: set[Recognition] = set()
        self._core_recognitions: set[anyio.CancelScope] = set()
        self._core_closed = False
        self._core_rng = random.Random()
        self._core_resources = Resources(self._label)

    @property
    def label(self) -> str:
        """What logs, errors and metrics call the engine."""
        return self._label

    @property
    def capabilities(self) -> STTCapabilities:
        """What the engine can do."""
        return self._capabilities

    # ---- for adapters, which are engines made of engines

    def _core_report(self, event: str, report: STTMetrics | STTError) -> None:
        """Tell listeners; an adapter does not, because its members do."""
        self.emit(event, report)

    def _core_own_options(self, conn_options: APIConnectOptions) -> APIConnectOptions:
        """Return what holds for this layer's attempts; an adapter leaves retries to its members."""
        return conn_options

    # ---- a recording at once

    @abstractmethod
    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        """
        Recognise *buffer* in one attempt and return a FINAL_TRANSCRIPT.

        Raise a retryable `APIError` to get another attempt. The buffer holds audio of one
        format; an attempt is cancelled after `timeout` seconds plus the audio's duration.
        """

    async def recognize(
        self,
        buffer: AudioBuffer,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> SpeechEvent:
        """
        Recognise a whole recording.

        Cancelling it cancels the engine's attempt.

        Args:
            buffer: one frame, or a list of frames of the same format; the base converts it to
                the `sample_rate` and `num_channels` of the engine's capabilities.
            language: the language spoken, for engines that take one.
            conn_options: retries and deadlines.

        Raises:
            ValueError: when there is no audio, or its frames differ in format.
            APIError: what the engine failed with.
            StreamClosedError: when the `STT` was closed before or is closed meanwhile.
        """
        self._core_check_open()
        frames, duration = as_declared(buffer, self._capabilities, conn_options.resampler)
        own = self._core_own_options(conn_options)
        call = _Recognition(self, duration, own)

        async def attempt() -> SpeechEvent:
            with anyio.move_on_after(own.timeout + duration) as scope:
                try:
                    return await self._recognize_impl(
                        frames, language=language, conn_options=conn_options
                    )
                except BaseException as exc:
                    late = scope.cancel_called and isinstance(sole_error(exc), Exception)
                    if late:  # what its cleanup raised matters less
                        raise _too_slow(self._label, own.timeout, duration) from exc
                    raise
            raise _too_slow(self._label, own.timeout, duration)

        await checkpoint()
        with anyio.CancelScope() as scope:
            self._core_recognitions.add(scope)
            try:
                event = await call.attempts.run(attempt)
                call.succeeded(event)
                return event
            finally:
                self._core_recognitions.discard(scope)
        raise self._core_refusal("was closed while it recognised")

    async def transcribe(self, source: AudioSource, **options: Unpack[TranscribeOptions]) -> str:
        """
        Return the text of *source*, anything of any length that `RecognizeStream.transcribe` takes.

        An engine of whole recordings gets pieces, cut at pauses before `max_utterance`.

        Raises:
            AudioLostError: when some seconds were lost; its `text` has the rest.
            Exception: what the engine or the source failed with, as itself.
        """
        return await transcribe(self, source, **options)

    # ---- streams

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        """
        Make a stream; it starts nothing until its block is entered.

        Args:
            language: the language spoken, for engines that take one.
            conn_options: retries, deadlines and bounds.

        Raises:
            NotImplementedError: when the engine recognises whole recordings only.
        """
        raise NotImplementedError(
            f"{self._label} recognises whole recordings only; "
            f"StreamAdapter(stt=..., vad=...) makes streams of it"
        )

    # ---- lifetime

    async def aclose(self) -> None:
        """
        Close every stream of this engine and end every `recognize`.

        Idempotent; may be called from any task. It then closes what the engine registered with
        `_closing`, even if it is cancelled, so an engine needs no `aclose` of its own.
        """
        self._core_closed = True
        for scope in list(self._core_recognitions):
            scope.cancel()
        streams = list(self._core_streams)
        for stream in streams:
            stream._core_abort()  # noqa: SLF001 - done even if the wait below is cancelled
        try:
            await checkpoint()
            async with anyio.create_task_group() as task_group:
                for stream in streams:
                    task_group.start_soon(stream.aclose)
        finally:
            await self._core_resources.aclose(_CLOSE_SECONDS)

    def _closing(self, resource: ClosableT) -> ClosableT:
        """
        Have *resource* closed when the engine is, and return it.

        Its `aclose()` is called after all streams have ended, whatever cancels that meanwhile,
        and gets five seconds; several are closed in reverse order.
        """
        return self._core_resources.add(resource)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _core_check_open(self) -> None:
        if self._core_closed:
            raise self._core_refusal("is closed")

    def _core_refusal(self, why: str) -> StreamClosedError:
        return StreamClosedError(
            f"{self._label} {why}; use it inside its block, `async with stt:`, "
            f"and before `aclose()`"
        )


class _Recognition:
    """One call of `recognize`: its attempts, and what is reported of them."""

    def __init__(self, stt: STT, duration: float, options: APIConnectOptions) -> None:
        self._stt = stt
        self._duration = duration
        self._started = anyio.current_time()
        rng = stt._core_rng  # noqa: SLF001 - one class
        self.attempts = AttemptLoop(options, self._failed, rng)

    def succeeded(self, event: object) -> None:
        if not isinstance(event, SpeechEvent):
            got = f"{self._stt.label}'s _recognize_impl returned {type(event).__name__}"
            raise TypeError(f"{got}; it returns a SpeechEvent with what was said, or with no text")
        usage = event.recognition_usage
        self._stt._core_report(  # noqa: SLF001 - one class
            "metrics_collected",
            STTMetrics(
                request_id=event.request_id,
                timestamp=wall_clock(),
                duration=anyio.current_time() - self._started,
                label=self._stt.label,
                audio_duration=self._duration,
                streamed=False,
                attempts=self.attempts.number,
                input_tokens=usage.input_tokens if usage else 0,
                output_tokens=usage.output_tokens if usage else 0,
            ),
        )

    def _failed(self, error: Exception, recoverable: bool, delay: float) -> None:
        number = self.attempts.number
        if recoverable:
            self.attempts.log_retry(self._stt.label, error, delay)
        report = STTError(wall_clock(), self._stt.label, error, recoverable, number)
        self._stt._core_report("error", report)  # noqa: SLF001


def _too_slow(label: str, timeout: float, duration: float) -> APITimeoutError:
    return APITimeoutError(
        f"{label} did not recognise {duration:.3f} s of audio within {timeout + duration:.3f} s "
        f"(timeout={timeout:g} plus the audio's duration); change APIConnectOptions.timeout to "
        f"give it more time"
    )
