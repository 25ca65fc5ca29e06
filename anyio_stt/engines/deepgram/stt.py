"""Deepgram as an engine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ...audio.frame import AudioBuffer, combine_frames
from ...events import SpeechEvent
from ...exceptions import APIConnectionError
from ...options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from ...stt import STT
from ...transports.address import api_key_from
from ...transports.endpoint import Endpoint, bearer
from ...transports.http import HttpTransport, wav_upload
from ...transports.session_stream import SessionStream
from ...transports.websocket_opening import open_websocket
from ...wire.deepgram import DeepgramSession, read_recording
from .options import DeepgramOptions

__all__ = ("DeepgramSTT",)

_URL = "https://api.deepgram.com"


class DeepgramSTT(STT):
    """
    Deepgram, and servers that speak its protocol: streams with guesses, recordings at once.

    What is not named here is explained at `DeepgramOptions`.

    Args:
        api_key: or the environment variable `DEEPGRAM_API_KEY`; a server of one's own may need
            none.
        base_url: `ws://host:port` or `https://host`; `/v1/listen` is appended.
        frame_duration: seconds of audio in a message; shorter ones come earlier and cost more.
        max_session: seconds after which a stream moves on to a new connection while nobody
            speaks; Deepgram itself sets no such bound.
        extra: more query parameters.

    Raises:
        ValueError: when there is no key, or an option is wrong.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
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
        frame_duration: float = 0.1,
        max_session: float = 3600.0,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            capabilities=STTCapabilities(
                streaming=True,
                interim_results=interim_results,
                diarization=diarize,
                aligned_transcript="word",
            )
        )
        self._options = DeepgramOptions(
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
        )
        self._frame_duration = frame_duration
        self._max_session = max_session
        key = api_key_from(api_key, "DEEPGRAM_API_KEY", "Deepgram", required=base_url == _URL)
        secrets = (key,) if key else ()
        self._endpoint = Endpoint(base_url, "/v1/listen", bearer(key, "Token"), secrets)
        self._http = HttpTransport(headers=dict(self._endpoint.headers), secrets=secrets)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        frame = combine_frames(buffer)
        address = self._endpoint.http(self._options.recording_query(language))
        upload = wav_upload(frame.pcm, frame.sample_rate, frame.num_channels)
        answer = await self._http.post(
            address, upload, timeout=conn_options.timeout + frame.duration
        )
        try:
            return read_recording(json.loads(answer.body), language or self._options.language or "")
        except (AttributeError, LookupError, TypeError, ValueError) as exc:
            raise APIConnectionError(f"{address} sent no transcript: {exc!r}") from exc

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> SessionStream:
        """
        Make a stream; it connects when its block is entered.

        Unless given: `drain_timeout` 10 s, because what is left after CloseStream is at most one
        utterance; `idle_timeout` 30 s, because Deepgram answers audio every few seconds, even
        if nobody speaks.
        """
        query = self._options.stream_query(language)
        return SessionStream(
            stt=self,
            connect=lambda: open_websocket(self._endpoint, query, conn_options.timeout),
            begin=lambda start: DeepgramSession(
                start,
                language=language or self._options.language or "",
                channels=self._options.channels,
                multichannel=self._options.multichannel,
            ),
            conn_options=conn_options.with_defaults(drain_timeout=10.0, idle_timeout=30.0),
            sample_rate=self._options.sample_rate,
            frame_duration=self._frame_duration,
            max_session=self._max_session,
        )

    async def aclose(self) -> None:
        """Close every stream and the connections."""
        await super().aclose()
        await self._http.aclose()
