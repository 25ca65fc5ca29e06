"""A stream of utterances, each of which is one request."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import anyio

from ...audio.frame import AudioFrame, combine_frames
from ...events import SpeechData, SpeechEvent, SpeechEventType
from ...exceptions import APIConnectionError, APITimeoutError
from ...options import APIConnectOptions
from ...stream import RecognizeStream
from ...stt import STT
from ...transports.endpoint import Endpoint
from ...transports.http import HttpTransport, wav_upload
from ...transports.statuses import redact
from ...wire.openai import read_stream_event, read_transcription
from ...wire.session import longer_guess
from ...wire.sse import ServerSentEvents
from .options import OpenAIOptions

__all__ = ("OpenAIStream",)

_MAX_UTTERANCE = 300.0  # seconds; 9.6 MB at 16 kHz, and servers take 25 MB


class OpenAIStream(RecognizeStream):
    """
    A stream of `OpenAISTT`.

    Args:
        stt: the engine.
        http: its connections.
        endpoint: where to send to.
        options: what is asked for.
        language: what is spoken.
        conn_options: retries, deadlines and bounds.
    """

    def __init__(
        self,
        *,
        stt: STT,
        http: HttpTransport,
        endpoint: Endpoint,
        options: OpenAIOptions,
        language: str | None,
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(
            stt=stt,
            conn_options=conn_options.with_defaults(drain_timeout=60.0, idle_timeout=math.inf),
            sample_rate=16000,
        )
        self._http = http
        self._address = endpoint.http()
        self._secrets = endpoint.secrets
        self._options = options
        self._language = language
        self._spoken = language or options.language or ""

    async def _run(self) -> None:
        start, seconds = 0.0, 0.0
        frames: list[AudioFrame] = []
        async for item in self._input_ch:
            if isinstance(item, AudioFrame):
                frames.append(item)
                seconds += item.duration
            if frames and (not isinstance(item, AudioFrame) or seconds >= _MAX_UTTERANCE):
                await self._recognise(combine_frames(frames), start)
                start, seconds, frames = start + seconds, 0.0, []
        if frames:
            await self._recognise(combine_frames(frames), start)

    async def _recognise(self, frame: AudioFrame, start: float) -> None:
        timeout = self._conn_options.timeout + frame.duration
        whole = max(timeout, self._conn_options.drain_seconds)
        end = start + frame.duration
        event: SpeechEvent | None = None
        with anyio.move_on_after(whole):
            event = await self._ask(frame, start, end, timeout)
        if event is None:
            raise APITimeoutError(
                f"{self._address} did not finish the transcript of {frame.duration:.1f} s of "
                f"audio within {whole:g} s (timeout and the length of the audio, or drain_timeout)"
            )
        if event.alternatives[0].text:
            self._event_ch.send_nowait(event)
        else:
            self._report_silence(end)

    async def _ask(
        self, frame: AudioFrame, start: float, end: float, timeout: float
    ) -> SpeechEvent:
        fields = self._options.fields(self._language, deltas=self._options.deltas)
        upload = wav_upload(frame.pcm, frame.sample_rate, frame.num_channels, fields)
        async with self._http.stream(self._address, upload, timeout=timeout) as (headers, pieces):
            with self._protocol():
                if headers.get("content-type", "").startswith("text/event-stream"):
                    body: Any = await self._follow(pieces, start, end)
                else:  # a server that makes no deltas
                    body = json.loads(b"".join([piece async for piece in pieces]))
                return read_transcription(body, self._spoken, start=start, end=end)

    async def _follow(
        self, pieces: AsyncIterator[bytes], start: float, end: float
    ) -> dict[str, Any]:
        """Say guesses as they grow, and return the last event, which has the whole text."""
        events, guess, whole = ServerSentEvents(), "", None
        async for piece in pieces:  # to the end, so that the connection can serve again
            for data in events.feed(piece):
                event = read_stream_event(redact(data, self._secrets))
                if event["type"] == "transcript.text.done":
                    whole = event
                elif event["type"] == "transcript.text.delta":
                    guess = longer_guess(self._address, guess, str(event["delta"]))
                    self._guess(guess.strip(), start, end)
        if whole is None:
            raise APIConnectionError(f"{self._address} broke off before the transcript was done")
        return whole

    def _guess(self, text: str, start: float, end: float) -> None:
        said = SpeechData(self._spoken, text, start, end)
        self._event_ch.send_nowait(
            SpeechEvent(SpeechEventType.INTERIM_TRANSCRIPT, alternatives=[said])
        )

    @contextmanager
    def _protocol(self) -> Iterator[None]:
        try:
            yield
        except (AttributeError, LookupError, TypeError, ValueError) as exc:
            raise APIConnectionError(f"{self._address} sent no transcript: {exc!r}") from exc
