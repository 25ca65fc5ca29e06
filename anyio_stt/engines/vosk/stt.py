"""A Vosk server as an engine."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from ...audio.frame import AudioBuffer, combine_frames
from ...events import SpeechEvent
from ...options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from ...stt import STT
from ...transports.endpoint import Endpoint
from ...transports.recording import send_recording
from ...transports.session_stream import SessionStream
from ...transports.websocket_opening import open_websocket
from ...wire.vosk import VoskSession
from .options import VoskOptions

__all__ = ("VoskServerSTT",)

_logger = logging.getLogger("anyio_stt")


class VoskServerSTT(STT):
    """
    A vosk-server by websocket: live streams with word times; no key.

    `VoskOptions` explains the other arguments.

    Args:
        base_url: `ws://host:port`.

    Raises:
        ValueError: when base_url is not such a URL.
    """

    _provider = "Vosk"
    _changeable = ("language", "phrases")

    def __init__(
        self,
        *,
        base_url: str = "ws://localhost:2700",
        language: str = "",
        words: bool = True,
        max_alternatives: int = 0,
        phrases: Sequence[str] = (),
        sample_rate: int = 16000,
    ) -> None:
        super().__init__(
            capabilities=STTCapabilities(
                streaming=True,
                interim_results=True,
                aligned_transcript="word" if words else "chunk",
            )
        )
        self._options = VoskOptions(
            language=language,
            words=words,
            max_alternatives=max_alternatives,
            phrases=tuple(phrases),
            sample_rate=sample_rate,
        )
        self._endpoint = Endpoint(base_url, "/")
        self._resets = True  # until the server shows that it knows no reset

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        frame, asked = combine_frames(buffer), self._asked(language)
        return await send_recording(
            lambda: open_websocket(self._endpoint, (), conn_options.timeout),
            lambda start: self._begin(start, asked, frame.sample_rate),
            frame,
            piece=0.2,
        )

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> SessionStream:
        """
        Make a stream; it connects when its block is entered.

        Defaults: `drain_timeout` 10 s and `idle_timeout` 10 s, because Vosk answers each
        piece of audio.
        """
        rate = self._options.sample_rate
        options = conn_options.with_defaults(drain_timeout=10.0, idle_timeout=10.0)
        return SessionStream(
            stt=self,
            connect=lambda _: open_websocket(
                self._endpoint, (), options.timeout, idle_timeout=options.idle_seconds
            ),
            begin=lambda start, asked: self._begin(start, asked, rate),
            options=self._asked(language),
            conn_options=options,
            sample_rate=rate,
            frame_duration=0.2,
        )

    def _asked(self, language: str | None) -> VoskOptions:
        options: VoskOptions = self._options
        return replace(options, language=language or options.language)

    def _begin(self, start: float, asked: VoskOptions, rate: int) -> VoskSession:
        return VoskSession(
            start,
            config=asked.config(rate),
            language=asked.language,
            resets=self._resets,
            on_reset_refused=self._on_reset_refused,
        )

    def _on_reset_refused(self) -> None:
        if self._resets:
            self._resets = False
            _logger.warning(
                "%s: the server hangs up when a flush resets it, as older ones do; a flush ends "
                "the session instead, and what follows takes a new one",
                self.label,
            )
