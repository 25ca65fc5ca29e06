"""Deepgram as an engine."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...audio.frame import AudioBuffer, combine_frames
from ...events import SpeechEvent
from ...options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from ...stt import STT
from ...transports.credentials import ApiKey, Credentials, api_key_from
from ...transports.endpoint import Endpoint
from ...transports.http import HttpTransport, wav_upload
from ...transports.recording import send_recording
from ...transports.session_stream import SessionStream
from ...transports.websocket_opening import open_websocket
from ...wire.answers import read_answer
from ...wire.deepgram import DeepgramSession, read_recording
from ...wire.deepgram_flux import FluxSession
from ...wire.fields import fitted
from ...wire.pauses import LONGEST
from ...wire.session import ClientSession
from .options import DeepgramOptions

__all__ = ("DeepgramSTT",)

_logger = logging.getLogger("anyio_stt")

_URL = "https://api.deepgram.com"
_MESSAGE, _CHUNK = 0.1, 0.08  # seconds of audio in a message; Flux listens to pieces of 80 ms
_MEANWHILE = 10.0  # seconds that Flux is given to end a session


class DeepgramSTT(STT):
    """
    Deepgram, and servers that speak its protocol: live streams and recordings.

    With a model such as `flux-general-en`, Deepgram decides when a turn is over (see
    `stream.turns()`), and a flush ends the connection; the audio that follows takes a new one.

    `DeepgramOptions` explains the other arguments.

    Args:
        api_key: or the environment variable `DEEPGRAM_API_KEY`, which goes wherever base_url
            points; your own server may need none. A function, sync or async, is called for a key at
            each connection.
        base_url: `ws://host:port` or `https://host`; `/v1/listen` is appended, or `/v2/listen`
            for Flux.
        frame_duration: seconds of audio in a message; shorter ones give earlier transcripts and
            cost more. Default: 0.1, and 0.08 for Flux.
        max_session: seconds after which a stream moves to a new connection while nobody speaks;
            Deepgram itself has no such limit.
        extra: more query parameters.

    Raises:
        ValueError: when there is no key, or an option is wrong.
    """

    _provider = "Deepgram"
    _changeable = (
        "model",
        "language",
        "keyterms",
        "endpointing",
        "utterance_end_ms",
        "punctuate",
        "smart_format",
        "eot_threshold",
        "eager_eot_threshold",
        "eot_timeout_ms",
    )

    def __init__(
        self,
        *,
        api_key: ApiKey | None = None,
        base_url: str = _URL,
        model: str = "nova-3",
        language: str | None = None,
        interim_results: bool = True,
        punctuate: bool = True,
        smart_format: bool = False,
        diarize: bool = False,
        channels: int = 1,
        multichannel: bool = False,
        endpointing: int | None = None,
        utterance_end_ms: int | None = None,
        keyterms: Sequence[str] = (),
        sample_rate: int = 16000,
        eot_threshold: float | None = None,
        eager_eot_threshold: float | None = None,
        eot_timeout_ms: int | None = None,
        frame_duration: float | None = None,
        max_session: float = 3600.0,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        options = DeepgramOptions(
            model=model,
            language=language,
            interim_results=interim_results,
            punctuate=punctuate,
            smart_format=smart_format,
            diarize=diarize,
            channels=channels,
            multichannel=multichannel,
            endpointing=endpointing,
            utterance_end_ms=utterance_end_ms,
            keyterms=tuple(keyterms),
            sample_rate=sample_rate,
            extra=tuple((extra or {}).items()),
            eot_threshold=eot_threshold,
            eager_eot_threshold=eager_eot_threshold,
            eot_timeout_ms=eot_timeout_ms,
        )
        super().__init__(capabilities=_capabilities(options))
        self._options = options
        self._frame_duration = frame_duration or (_CHUNK if options.flux else _MESSAGE)
        self._max_session = max_session
        key = api_key_from(api_key, "DEEPGRAM_API_KEY", "Deepgram", required=base_url == _URL)
        credentials = Credentials(key, "Deepgram", scheme="Token")
        path = "/v2/listen" if options.flux else "/v1/listen"
        self._endpoint = Endpoint(base_url, path, credentials)
        self._http = self._closing(HttpTransport(credentials))
        self._finalizes = True

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        frame = combine_frames(buffer)
        if self._options.flux:  # it takes no recordings: a stream does
            asked = replace(self._options, language=language or self._options.language)
            query = asked.stream_query(None)
            return await send_recording(
                lambda: open_websocket(self._endpoint, query, conn_options.timeout),
                lambda start: self._begin(start, asked),
                frame,
            )
        address = self._endpoint.http(self._options.recording_query(language))
        upload = wav_upload(frame.pcm, frame.sample_rate, frame.num_channels)
        answer = await self._http.post(
            address, upload, timeout=conn_options.timeout + frame.duration
        )
        spoken = self._options.spoken(language)

        def read(body: Any) -> SpeechEvent:
            return fitted(read_recording(body, spoken), 0.0, frame.duration)

        return read_answer(address, "Deepgram", answer.body, read)

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> SessionStream:
        """
        Make a stream; it connects when its block is entered.

        Defaults: `drain_timeout` 10 s, because at most one utterance is left after CloseStream;
            `idle_timeout` 30 s, because Deepgram answers audio every few seconds, even if nobody
            speaks, and 10 s with Flux, which answers four times a second.

        Raises:
            ValueError: when the model does not understand the language.
        """
        idle = 10.0 if self._options.flux else 30.0
        options = conn_options.with_defaults(drain_timeout=10.0, idle_timeout=idle)
        asked = replace(self._options, language=language or self._options.language)
        asked.stream_query(None)  # what cannot be asked for is told here
        return SessionStream(
            stt=self,
            connect=lambda asked: open_websocket(
                self._endpoint,
                asked.stream_query(None),
                options.timeout,
                idle_timeout=options.idle_seconds,
            ),
            begin=self._begin,
            options=asked,
            conn_options=options,
            sample_rate=self._options.sample_rate,
            frame_duration=self._frame_duration,
            max_session=self._max_session,
        )

    def _begin(self, start: float, asked: DeepgramOptions) -> ClientSession:
        spoken = asked.spoken(None)
        if asked.flux:
            return FluxSession(
                start,
                language=spoken,
                sample_rate=asked.sample_rate,
                interims=asked.interim_results,
            )
        return DeepgramSession(
            start,
            language=spoken,
            channels=asked.channels,
            multichannel=asked.multichannel,
            finalizes=self._finalizes,
            on_finalize_refused=self._on_finalize_refused,
        )

    def _changed_options(self, options: Any, **changes: Any) -> DeepgramOptions:
        changed: DeepgramOptions = super()._changed_options(options, **changes)
        if changed.flux != self._options.flux:
            raise ValueError(
                f"model={changed.model!r} uses another protocol than {self.model!r}: make "
                f"another engine"
            )
        changed.stream_query(None)
        return changed

    def _on_finalize_refused(self) -> None:
        if self._finalizes:
            self._finalizes = False
            _logger.warning(
                "%s: the server takes no Finalize; a flush ends the session instead, and what "
                "follows takes a new one",
                self.label,
            )


def _capabilities(options: DeepgramOptions) -> STTCapabilities:
    flux = options.flux
    return STTCapabilities(
        streaming=True,
        interim_results=options.interim_results,
        diarization=options.diarize,
        aligned_transcript="word",
        keyterms=True,
        turns=flux,
        sample_rate=options.sample_rate if flux else None,
        num_channels=1 if flux else None,
        max_uncovered=LONGEST + _MEANWHILE if flux else None,
    )
