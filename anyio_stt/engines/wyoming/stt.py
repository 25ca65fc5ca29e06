"""A Wyoming server as an engine."""

from __future__ import annotations

import math
from dataclasses import replace

from ...audio.frame import AudioBuffer, combine_frames
from ...events import SpeechEvent
from ...options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from ...stt import STT
from ...transports.recording import send_recording
from ...transports.session_stream import SessionStream
from ...transports.wyoming import connect_wyoming
from ...wire.pauses import LONGEST
from ...wire.wyoming import WyomingPeer, WyomingSession
from .options import WyomingOptions

__all__ = ("WyomingSTT",)

_MEANWHILE = 60.0  # seconds in which a transcript comes


class WyomingSTT(STT):
    """
    A Wyoming server, such as Home Assistant's: a transcript at each flush.

    Args:
        base_url: `tcp://host:port` or `unix:///path`; the protocol has no keys.
        model: the name of a model, where the server has several.
        language: the language spoken.
        sample_rate: the rate to send, in samples a second.

    Raises:
        ValueError: when base_url is not such a URL.
    """

    _provider = "Wyoming"
    _changeable = ("model", "language")

    def __init__(
        self,
        *,
        base_url: str = "tcp://localhost:10300",
        model: str | None = None,
        language: str | None = None,
        sample_rate: int = 16000,
    ) -> None:
        super().__init__(
            capabilities=STTCapabilities(
                streaming=True,
                interim_results=True,
                aligned_transcript="chunk",
                manual_flush=True,
                max_utterance=LONGEST,
                max_uncovered=LONGEST + _MEANWHILE,
            )
        )
        self._peer = WyomingPeer()
        self._options = WyomingOptions(base_url, model, language, sample_rate)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        asked = self._asked(language)
        return await send_recording(
            lambda: connect_wyoming(asked.url, conn_options.timeout),
            lambda start: self._begin(start, asked),
            combine_frames(buffer),
        )

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> SessionStream:
        """
        Make a stream; it connects when its block is entered.

        Defaults: `drain_timeout` 30 s, because a server begins to recognise when the audio
        has ended; no `idle_timeout`, because it says nothing before. Until then a server that
        stops reading fails a send, and the kernel notices a machine that is gone.
        """
        return SessionStream(
            stt=self,
            connect=lambda asked: connect_wyoming(asked.url, conn_options.timeout),
            begin=self._begin,
            options=self._asked(language),
            conn_options=conn_options.with_defaults(drain_timeout=30.0, idle_timeout=math.inf),
            sample_rate=self._options.sample_rate,
        )

    def _asked(self, language: str | None) -> WyomingOptions:
        options: WyomingOptions = self._options
        return replace(options, language=language or options.language)

    def _begin(self, start: float, asked: WyomingOptions) -> WyomingSession:
        return WyomingSession(
            start,
            transcribe=asked.transcribe(None),
            language=asked.language or "",
            peer=self._peer,
        )
