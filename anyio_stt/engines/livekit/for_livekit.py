"""An engine here as LiveKit's."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import anyio

from ...audio.frame import as_frame
from ...events import SpeechEventType
from ...exceptions import APIError, StreamClosedError
from ...metrics import STTError, STTMetrics
from ...stream import RecognizeStream
from ...stt import STT
from . import theirs
from .errors import their_error
from .translation import (
    our_options,
    their_capabilities,
    their_error_report,
    their_event,
    their_metrics,
)

if TYPE_CHECKING:

    class _TheirSTT:
        """What is used of LiveKit's base; its own types are not complete."""

        def __init__(self, *, capabilities: Any) -> None: ...
        def emit(self, event: str, *args: Any) -> None: ...
        def on(self, event: str, callback: Any = None) -> Any: ...
        def _emit_error(self, *args: Any, **options: Any) -> None: ...

else:
    _TheirSTT = theirs.stt.STT

__all__ = ("ForLiveKit",)


class ForLiveKit(_TheirSTT):
    """
    Any engine here, adapters included, for an `AgentSession` of LiveKit's.

        session = AgentSession(stt=ForLiveKit(FallbackAdapter([a, b])), ...)

    Attempts, deadlines and replay are the engine's own; LiveKit's `conn_options` say how many
    and how long. `metrics_collected` and `error` are told in LiveKit's types, once. `aclose()`
    closes the engine.

    Args:
        engine: what recognises.
    """

    def __init__(self, engine: STT) -> None:
        super().__init__(capabilities=their_capabilities(engine.capabilities))
        self._label = engine.label
        self._engine = engine
        self._open: weakref.WeakSet[Any] = weakref.WeakSet()
        engine.on("metrics_collected", self._on_metrics)
        engine.on("error", self._on_error)

    @property
    def engine(self) -> STT:
        """The engine inside."""
        return self._engine

    @property
    def model(self) -> str:
        """The model's name, where the engine says."""
        return self._engine.model

    @property
    def provider(self) -> str:
        """The provider's name, where the engine says."""
        return self._engine.provider

    def prewarm(self) -> None:
        """Have the engine load what it needs."""
        self._engine.prewarm()

    async def recognize(
        self,
        buffer: Any,
        *,
        language: Any = theirs.NOT_GIVEN,
        conn_options: Any = theirs.agents.DEFAULT_API_CONNECT_OPTIONS,
    ) -> Any:
        """
        Recognise a whole recording; the engine makes the attempts and measures them.

        Raises:
            APIError: LiveKit's, for what the engine failed with.
        """
        return await self._recognize_impl(buffer, language=language, conn_options=conn_options)

    async def _recognize_impl(self, buffer: Any, *, language: Any, conn_options: Any) -> Any:
        frames = [as_frame(each) for each in (buffer if isinstance(buffer, list) else [buffer])]
        try:
            event = await self._engine.recognize(
                frames, language=_language(language), conn_options=our_options(conn_options)
            )
        except APIError as exc:
            error = their_error(exc)
            self._emit_error(error, recoverable=False)
            raise error from exc
        return their_event(event)

    def stream(
        self,
        *,
        language: Any = theirs.NOT_GIVEN,
        conn_options: Any = theirs.agents.DEFAULT_API_CONNECT_OPTIONS,
    ) -> Any:
        """Make a stream of LiveKit's; it begins at once, as theirs do."""
        stream = self._engine.stream(
            language=_language(language), conn_options=our_options(conn_options)
        )
        made = _StreamForLiveKit(self, stream, conn_options)
        self._open.add(made)
        return made

    def update_options(self, **options: Any) -> None:
        """Change options of the engine, and of the streams that are open, as `STT` says."""
        self._engine.update_options(**options)

    async def aclose(self) -> None:
        """Close every stream, and the engine."""
        for stream in list(self._open):
            await stream.aclose()
        self._engine.off("metrics_collected", self._on_metrics)
        self._engine.off("error", self._on_error)
        await self._engine.aclose()

    def _on_metrics(self, metrics: STTMetrics) -> None:
        self.emit("metrics_collected", their_metrics(metrics))

    def _on_error(self, report: STTError) -> None:
        if report.recoverable or not isinstance(report.error, APIError):
            self.emit("error", their_error_report(report))
        # what ends a stream is told by LiveKit's own base


class _StreamForLiveKit(theirs.stt.RecognizeStream):  # type: ignore[misc]
    def __init__(self, owner: ForLiveKit, stream: RecognizeStream, conn_options: Any) -> None:
        once = theirs.agents.APIConnectOptions(
            max_retry=0,
            retry_interval=conn_options.retry_interval,
            timeout=conn_options.timeout,
        )
        super().__init__(stt=owner, conn_options=once)
        self._inner = stream

    async def _run(self) -> None:
        try:
            async with self._inner as stream, anyio.create_task_group() as group:
                group.start_soon(self._feed, stream)
                async for event in stream:
                    if event.type is SpeechEventType.RECOGNITION_USAGE:
                        continue  # measured by the engine, told by `metrics_collected`
                    self._event_ch.send_nowait(
                        their_event(event, offset=self.start_time_offset, began=self.start_time)
                    )
                group.cancel_scope.cancel()
        except BaseException as exc:
            raise _sole(exc) from exc

    def update_options(self, **options: Any) -> None:
        """Change options of this stream alone, from the next place on where nothing is cut."""
        self._inner.update_options(**options)

    async def _feed(self, stream: RecognizeStream) -> None:
        try:
            async for item in self._input_ch:
                if isinstance(item, self._FlushSentinel):
                    stream.flush()
                else:
                    await stream.send_frame(as_frame(item))
            stream.end_input()
        except StreamClosedError:  # it failed; its reader is told how
            return


def _sole(error: BaseException) -> BaseException:
    """Take our error out of the groups it came in, as one of LiveKit's."""
    inner: Any = (error,)
    while len(inner) == 1:
        error = inner[0]
        inner = getattr(error, "exceptions", ())
    return their_error(error) if isinstance(error, Exception) else error


def _language(language: Any) -> str | None:
    return None if language is theirs.NOT_GIVEN or not language else str(language)
