"""
An engine as one finds them among LiveKit's plugins, written for their module.

Only its imports are changed (they were `from livekit import rtc`, `from livekit.agents import
...`); `test_seed_compatibility.py` proves that nothing else has to be.
"""

# mypy: ignore-errors
from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import List

import anyio

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    AudioBuffer,
    AudioFrame,
    combine_frames,
    calculate_audio_duration,
    DEFAULT_API_CONNECT_OPTIONS,
)
import anyio_stt as stt


class rtc:
    AudioFrame = AudioFrame


class utils:
    @staticmethod
    def merge_frames(buffer):
        return combine_frames(buffer)


@dataclass
class STTOptions:
    language: str
    interim_results: bool
    sample_rate: int


class FakeServer:
    """What the plugin talks to."""

    def __init__(self) -> None:
        self.received: List[bytes] = []
        self.flushes = 0
        self.drops = 0

    async def send_bytes(self, data: bytes) -> None:
        await anyio.lowlevel.checkpoint()
        if self.drops:
            self.drops -= 1
            raise ConnectionResetError("connection reset by peer")
        self.received.append(data)


class STT(stt.STT):
    def __init__(
        self, *, language: str = "en-US", interim_results: bool = True, server: FakeServer
    ) -> None:
        super().__init__(
            capabilities=stt.STTCapabilities(streaming=True, interim_results=interim_results)
        )
        self._opts = STTOptions(
            language=language, interim_results=interim_results, sample_rate=16000
        )
        self._server = server

    async def _recognize_impl(
        self,
        buffer: AudioBuffer,
        *,
        language: str | None,
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        config = self._sanitize_options(language=language)
        try:
            data = utils.merge_frames(buffer).data.tobytes()
            await self._server.send_bytes(data)
            return stt.SpeechEvent(
                type=stt.SpeechEventType.FINAL_TRANSCRIPT,
                request_id="req",
                alternatives=[stt.SpeechData(text=f"{len(data)} bytes", language=config.language)],
            )
        except ConnectionResetError as e:
            raise APIConnectionError() from e

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> "SpeechStream":
        config = self._sanitize_options(language=language)
        return SpeechStream(stt=self, conn_options=conn_options, opts=config)

    def _sanitize_options(self, *, language: str | None = None) -> STTOptions:
        config = dataclasses.replace(self._opts)
        config.language = language or config.language
        return config


class SpeechStream(stt.SpeechStream):
    def __init__(self, *, stt: STT, opts: STTOptions, conn_options: APIConnectOptions) -> None:
        super().__init__(stt=stt, conn_options=conn_options, sample_rate=opts.sample_rate)
        self._opts = opts
        self._server = stt._server
        self._speaking = False
        self._request_id = "abc"
        self._audio_duration = 0.0

    async def _run(self) -> None:
        self._audio_duration = 0.0
        self._speaking = False
        try:
            async for data in self._input_ch:
                if isinstance(data, rtc.AudioFrame):
                    assert data.sample_rate == self._opts.sample_rate
                    await self._server.send_bytes(data.data.tobytes())
                    self._audio_duration += calculate_audio_duration(data)
                    self._on_audio()
                elif isinstance(data, self._FlushSentinel):
                    self._server.flushes += 1
                    self._on_flush()
        except ConnectionResetError as e:
            if self._conn_options.max_retry < 0:
                raise APIStatusError("never", status_code=400) from e
            raise APIConnectionError() from e

    def _on_audio(self) -> None:
        if not self._speaking:
            self._speaking = True
            start_event = stt.SpeechEvent(type=stt.SpeechEventType.START_OF_SPEECH)
            self._event_ch.send_nowait(start_event)
        if self._opts.interim_results:
            interim_event = stt.SpeechEvent(
                type=stt.SpeechEventType.INTERIM_TRANSCRIPT,
                request_id=self._request_id,
                alternatives=[stt.SpeechData(language=self._opts.language, text="...")],
            )
            self._event_ch.send_nowait(interim_event)

    def _on_flush(self) -> None:
        final_event = stt.SpeechEvent(
            stt.SpeechEventType.FINAL_TRANSCRIPT,
            self._request_id,
            [stt.SpeechData(self._opts.language, f"{self._stt.label.split('.')[-1]} heard you")],
        )
        self._event_ch.send_nowait(final_event)
        self._event_ch.send_nowait(
            stt.SpeechEvent(
                type=stt.SpeechEventType.RECOGNITION_USAGE,
                alternatives=[],
                recognition_usage=stt.RecognitionUsage(audio_duration=self._audio_duration),
            )
        )
        self._audio_duration = 0.0
        if self._speaking:
            self._speaking = False
            self._event_ch.send_nowait(stt.SpeechEvent(type=stt.SpeechEventType.END_OF_SPEECH))
