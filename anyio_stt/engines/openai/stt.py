"""OpenAI's transcriptions of recordings as an engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...audio.frame import AudioBuffer, combine_frames
from ...events import SpeechEvent
from ...options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from ...stt import STT
from ...transports.credentials import ApiKey, Credentials, api_key_from
from ...transports.endpoint import Endpoint
from ...transports.http import HttpTransport, wav_upload
from ...wire.answers import read_answer
from ...wire.fields import fitted
from ...wire.openai import read_transcription
from .options import OpenAIOptions
from .stream import MAX_UTTERANCE, OpenAIStream

__all__ = ("OpenAISTT",)

_URL = "https://api.openai.com"
_MEANWHILE = 60.0  # seconds; no frame is longer than what may wait


class OpenAISTT(STT):
    """
    OpenAI's `/v1/audio/transcriptions`, and any server that speaks it.

    A stream sends the audio of an utterance at each `flush()` and at the end. `StreamAdapter`
    flushes at pauses.

    `OpenAIOptions` explains the other arguments.

    Args:
        api_key: or the environment variable `OPENAI_API_KEY`, which goes wherever base_url
            points; your own server may need none. A function, sync or async, is called for a key at
            each connection.
        base_url: `https://host`; `/v1/audio/transcriptions` is appended.

    Raises:
        ValueError: when there is no key, or base_url is not a URL.
    """

    _provider = "OpenAI"
    _changeable = ("model", "language", "prompt", "temperature")

    def __init__(
        self,
        *,
        api_key: ApiKey | None = None,
        base_url: str = _URL,
        model: str = "gpt-transcribe",
        language: str | None = None,
        prompt: str | None = None,
        temperature: float | None = None,
        words: bool = False,
        deltas: bool = True,
    ) -> None:
        super().__init__(
            capabilities=STTCapabilities(
                streaming=True,
                interim_results=deltas and not words,
                aligned_transcript="word" if words else "chunk",
                manual_flush=True,
                max_utterance=MAX_UTTERANCE,
                max_uncovered=MAX_UTTERANCE + _MEANWHILE,
            )
        )
        self._options = OpenAIOptions(
            model=model,
            language=language,
            prompt=prompt,
            temperature=temperature,
            words=words,
            deltas=deltas,
        )
        key = api_key_from(api_key, "OPENAI_API_KEY", "OpenAI", required=base_url == _URL)
        credentials = Credentials(key, "OpenAI")
        self._endpoint = Endpoint(base_url, "/v1/audio/transcriptions", credentials)
        self._http = self._closing(HttpTransport(credentials))

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        frame = combine_frames(buffer)
        fields = self._options.fields(language, deltas=False)
        upload = wav_upload(frame.pcm, frame.sample_rate, frame.num_channels, fields)
        address = self._endpoint.http()
        answer = await self._http.post(
            address, upload, timeout=conn_options.timeout + frame.duration
        )
        spoken = language or self._options.language or ""

        def read(body: Any) -> SpeechEvent:
            event = read_transcription(body, spoken, start=0.0, end=frame.duration)
            return fitted(event, 0.0, frame.duration)

        return read_answer(address, "OpenAI", answer.body, read)

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> OpenAIStream:
        """
        Make a stream; each utterance is one request.

        Defaults: `drain_timeout` 60 s, because the last utterance is sent and recognised
        only then; no `idle_timeout`, because nothing is said before a flush.
        """
        return OpenAIStream(
            stt=self,
            http=self._http,
            endpoint=self._endpoint,
            options=replace(self._options, language=language or self._options.language),
            conn_options=conn_options,
        )
