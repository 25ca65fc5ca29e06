"""A service of Pipecat's as an engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any

import anyio

from ...audio.frame import AudioBuffer, AudioFrame
from ...events import SpeechEvent
from ...options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from ...stream import RecognizeStream
from ...stt import STT
from ...transports.recording import join_finals
from ...workers.homes import Home, home_for
from . import theirs
from .attempt import ServiceRun

__all__ = ("PipecatSTT", "PipecatStream")

_WORDS = {"keyterms": ("keyterm", "keyterms", "keyterms_prompt", "keywords")}


class PipecatSTT(STT):
    """
    Any STT service of Pipecat's, unchanged, as an engine: its streams lose nothing when it fails.

        stt = PipecatSTT(lambda: DeepgramSTTService(api_key=...))

    Pipecat reconnects without the audio that was sent on a lost connection. Here, the service's
    first error ends the attempt, and a new service gets that audio again. On asyncio it runs in the
    caller's loop, on trio in a thread with an asyncio loop of its own.

    Args:
        make_service: makes a service, for each attempt a new one.
        sample_rate: samples a second that it is given.
        settle: after the end of the input, the stream ends when no transcript has come for this
            many seconds: Pipecat has no frame for the end.
        thread: give it a thread of its own on asyncio, too.
        close_timeout: seconds that a service may take to close; then it is left behind, and
            named in the log.
    """

    def __init__(
        self,
        make_service: Callable[[], Any],
        *,
        sample_rate: int = 16000,
        settle: float = 2.0,
        thread: bool = False,
        close_timeout: float = 5.0,
    ) -> None:
        service = make_service()
        segmented = isinstance(service, theirs.services.SegmentedSTTService)
        super().__init__(
            capabilities=STTCapabilities(
                streaming=True,
                interim_results=not segmented,
                manual_flush=segmented,
                sample_rate=sample_rate,
                num_channels=1,
            )
        )
        self._label = f"{type(service).__module__}.{type(service).__name__}"
        self._make = make_service
        self._spare: Any = service  # for the first attempt
        self._fields = {each.name for each in fields(service._settings)}  # noqa: SLF001
        self._options: Mapping[str, Any] = {}
        self._rate = sample_rate
        self._settle = settle
        self._in_thread = thread
        self._grace = close_timeout
        self._home_made: Home | None = None

    @property
    def provider(self) -> str:
        """The package of the service."""
        return self._label.removeprefix("pipecat.services.").split(".")[0]

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        del conn_options  # the base keeps the deadlines
        frames = [buffer] if isinstance(buffer, AudioFrame) else list(buffer)
        said: list[SpeechEvent] = []

        async def source() -> AsyncIterator[AudioFrame]:
            for frame in frames:
                yield frame

        asked = self._asked(language)
        await self._home().stream(partial(self._play, asked), source(), said.append)
        finals = [each for each in said if each.type == "final_transcript"]
        return join_finals(finals, sum(frame.duration for frame in frames))

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> PipecatStream:
        """
        Make a stream; a service is made for it when its block is entered.

        Unless given: `drain_timeout` 30 s and `idle_timeout` 60 s, as for LiveKit's plugins.
        """
        return PipecatStream(
            stt=self,
            conn_options=conn_options.with_defaults(drain_timeout=30.0, idle_timeout=60.0),
            options=self._asked(language),
        )

    async def aclose(self) -> None:
        """Close every stream, and the services' thread if they have one; bounded."""
        try:
            await super().aclose()
        finally:
            home, self._home_made = self._home_made, None
            if home is not None:
                with anyio.CancelScope(shield=True):
                    await home.aclose()

    def _asked(self, language: str | None) -> Mapping[str, Any]:
        return self._options if language is None else {**self._options, "language": language}

    def _changed_options(self, options: Mapping[str, Any], **changes: Any) -> Mapping[str, Any]:
        made = dict(options)
        for name, value in changes.items():
            own = next((each for each in _WORDS.get(name, (name,)) if each in self._fields), None)
            if own is None:
                raise TypeError(
                    f"{self._label} cannot change {name} while it runs, but "
                    f"{', '.join(sorted(self._fields))}; make another engine"
                )
            made[own] = value
        return made

    def _home(self) -> Home:
        if self._home_made is None:
            self._home_made = home_for(self._label, thread=self._in_thread, grace=self._grace)
        return self._home_made

    async def _play(
        self,
        asked: Mapping[str, Any],
        source: AsyncIterator[Any],
        say: Callable[[SpeechEvent], None],
    ) -> None:
        """Run one service; in its loop."""
        service, self._spare = self._spare or self._make(), None
        if asked:
            settings = service._settings  # noqa: SLF001 - before it has connected
            settings.apply_update(type(settings).from_mapping(dict(asked)))
        run = ServiceRun(
            service,
            say,
            label=self._label,
            sample_rate=self._rate,
            settle=self._settle,
            grace=self._grace,
        )
        await run.run(source)


class PipecatStream(RecognizeStream):
    """Made by `PipecatSTT.stream()`."""

    async def _run(self) -> None:
        stt: Any = self._stt
        play = partial(stt._play, self._options)  # noqa: SLF001 - its engine
        await stt._home().stream(play, self._input_ch, self._event_ch.send_nowait)  # noqa: SLF001
