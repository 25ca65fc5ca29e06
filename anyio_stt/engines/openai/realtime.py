"""OpenAI's Realtime transcription as an engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from ...audio.frame import AudioBuffer, AudioFrame, combine_frames
from ...audio.mixing import mix_down
from ...audio.resampling import Resampler
from ...events import SpeechEvent
from ...options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, STTCapabilities
from ...stt import STT
from ...transports.credentials import ApiKey, Credentials, api_key_from
from ...transports.endpoint import Endpoint
from ...transports.recording import send_recording
from ...transports.session_stream import SessionStream
from ...transports.websocket_opening import open_websocket
from ...wire.openai_realtime import RealtimeSession
from ...wire.pauses import LONGEST
from ...wire.session import ClientSession
from ...wire.speaches import SpeachesSession
from ...wire.vllm import VllmSession
from .options import Dialect, OpenAIRealtimeOptions
from .sessions import session_query, session_update

__all__ = ("OpenAIRealtimeSTT",)

_URL = "https://api.openai.com"
_MAX_SESSION = 3300.0
_MEANWHILE = 60.0  # seconds in which a transcript comes
_MAX_SESSION_OF = {"speaches": 1700.0}  # it hangs up after half an hour, whatever is being said


class OpenAIRealtimeSTT(STT):
    """
    OpenAI's Realtime transcription, and servers that speak its protocol.

    `OpenAIRealtimeOptions` explains the other arguments.

    Args:
        api_key: or the environment variable `OPENAI_API_KEY`, which goes wherever base_url
            points; your own server may need none. A function, sync or async, is called for a key at
            each connection.
        base_url: `wss://host`; `/v1/realtime` is appended.
        max_session: seconds after which a stream moves to a new session while nobody speaks. By
            default less than the server's own limit: an hour at OpenAI, half an hour at speaches.

    Raises:
        ValueError: when there is no key, or an option is wrong.
    """

    _provider = "OpenAI"
    _changeable = ("model", "language", "prompt", "silence_ms", "noise_reduction")

    def __init__(
        self,
        *,
        api_key: ApiKey | None = None,
        base_url: str = _URL,
        model: str = "gpt-transcribe",
        language: str | None = None,
        prompt: str | None = None,
        vad: bool | None = None,
        silence_ms: int | None = None,
        noise_reduction: Literal["near_field", "far_field"] | None = None,
        dialect: Dialect = "openai",
        max_session: float | None = None,
        turn_detection: Literal["server_vad", "semantic_vad"] | None = None,
        eagerness: Literal["low", "medium", "high", "auto"] | None = None,
    ) -> None:
        super().__init__(
            capabilities=STTCapabilities(
                streaming=True,
                interim_results=True,
                aligned_transcript="chunk",
                manual_flush=vad is False,
                turns=turn_detection == "semantic_vad",
                max_uncovered=LONGEST + _MEANWHILE,
            )
        )
        self._options = OpenAIRealtimeOptions(
            model=model,
            language=language,
            prompt=prompt,
            vad=vad,
            silence_ms=silence_ms,
            noise_reduction=noise_reduction,
            dialect=dialect,
            turn_detection=turn_detection,
            eagerness=eagerness,
        )
        self._max_session = (
            _MAX_SESSION_OF.get(dialect, _MAX_SESSION) if max_session is None else max_session
        )
        key = api_key_from(api_key, "OPENAI_API_KEY", "OpenAI", required=base_url == _URL)
        self._endpoint = Endpoint(base_url, "/v1/realtime", Credentials(key, "OpenAI"))

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        asked = self._asked(language)
        return await send_recording(
            lambda: open_websocket(self._endpoint, session_query(asked), conn_options.timeout),
            lambda start: self._begin(start, asked),
            _resampled(mix_down(combine_frames(buffer)), asked.rate),
        )

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> SessionStream:
        """
        Make a stream; it connects when its block is entered.

        Defaults: `drain_timeout` 20 s, for the utterances that are still being transcribed;
        `idle_timeout` 60 s, because while nobody speaks only pings, every 20 s, are answered.
        """
        options = conn_options.with_defaults(drain_timeout=20.0, idle_timeout=60.0)
        return SessionStream(
            stt=self,
            connect=lambda asked: open_websocket(
                self._endpoint,
                session_query(asked),
                options.timeout,
                idle_timeout=options.idle_seconds,
            ),
            begin=self._begin,
            options=self._asked(language),
            conn_options=options,
            sample_rate=self._options.rate,
            max_session=self._max_session,
        )

    def _asked(self, language: str | None) -> OpenAIRealtimeOptions:
        options: OpenAIRealtimeOptions = self._options
        return replace(options, language=language or options.language)

    def _changed_options(self, options: OpenAIRealtimeOptions, **changes: Any) -> Any:
        if "endpointing" in changes:  # what the others call it
            changes["silence_ms"] = changes.pop("endpointing")
        return super()._changed_options(options, **changes)

    def _begin(self, start: float, options: OpenAIRealtimeOptions) -> ClientSession:
        update, spoken = session_update(options, None), options.language or ""
        match options.dialect:
            case "vllm":
                return VllmSession(start, update=update, language=spoken)
            case "speaches":
                return SpeachesSession(
                    start,
                    update=update,
                    language=spoken,
                    detects=options.detects,
                    silence_ms=options.silence_ms,
                )
        return RealtimeSession(start, update=update, language=spoken, detects=options.detects)


def _resampled(frame: AudioFrame, rate: int) -> AudioFrame:
    resampler = Resampler(frame.sample_rate, rate, 1)
    parts = [resampler.push(frame), resampler.flush()]
    return combine_frames([part for part in parts if part is not None])
