"""A stream of utterances, each of which is one request."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import anyio

from ...audio.frame import AudioFrame, combine_frames
from ...audio.pauses import quietest_place
from ...events import SpeechData, SpeechEvent, SpeechEventType
from ...exceptions import APIConnectionError, APIStatusError, APITimeoutError
from ...options import APIConnectOptions
from ...stream import RecognizeStream
from ...stt import STT
from ...transports.endpoint import Endpoint
from ...transports.http import HttpTransport, wav_upload
from ...transports.redaction import redacted_message
from ...wire.answers import guarded_answer, read_answer
from ...wire.fields import fitted
from ...wire.openai import StreamedTranscript, read_transcription
from ...wire.sse import ServerSentEvents
from .options import OpenAIOptions

__all__ = ("MAX_UTTERANCE", "OpenAIStream")

_logger = logging.getLogger("anyio_stt")

MAX_UTTERANCE = 300.0
"""Seconds in one request; 9.6 MB at 16 kHz, and servers take 25 MB."""

_SHORTEST = 0.1  # seconds; servers refuse less
_LAST_PAUSE = 30.0  # seconds at the end of the longest utterance in which a pause is looked for
_REFUSED = frozenset({400, 413, 415, 422})


class OpenAIStream(RecognizeStream):
    """
    A stream of `OpenAISTT`.

    Args:
        stt: the engine.
        http: its connections.
        endpoint: where to send to.
        options: what is asked for.
        conn_options: retries, deadlines and bounds.
    """

    def __init__(
        self,
        *,
        stt: STT,
        http: HttpTransport,
        endpoint: Endpoint,
        options: OpenAIOptions,
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(
            stt=stt,
            conn_options=conn_options.with_defaults(drain_timeout=60.0, idle_timeout=math.inf),
            sample_rate=16000,
            options=options,
        )
        self._http = http
        self._address = endpoint.http()
        self._endpoint = endpoint
        self._words_missed = False

    async def _run(self) -> None:
        self._spoken = self._options.language or ""
        start, seconds = 0.0, 0.0
        frames: list[AudioFrame] = []
        async for item in self._input_ch:
            said: list[AudioFrame] = []
            if isinstance(item, AudioFrame):
                frames.append(item)
                seconds += item.duration
                if seconds >= MAX_UTTERANCE:
                    said, frames = _cut(combine_frames(frames))
            elif seconds >= _SHORTEST:  # what is shorter goes with what comes next
                said, frames = [combine_frames(frames)], []
            for frame in said:
                await self._recognise(frame, start)
                start, seconds = start + frame.duration, seconds - frame.duration
        if frames:
            await self._recognise(combine_frames(frames), start)

    async def _recognise(self, frame: AudioFrame, start: float) -> None:
        end = start + frame.duration
        try:
            event = await self._in_time(frame, start, end)
        except APIStatusError as exc:
            if exc.status_code not in _REFUSED:
                raise
            self._report_refused(exc, start, end)
            return
        usage, event = event.recognition_usage, replace(event, recognition_usage=None)
        if event.alternatives[0].text:
            self._event_ch.send_nowait(event)
        else:
            self._report_silence(end)
        if usage is not None:
            usage = replace(usage, audio_duration=frame.duration)
            kind = SpeechEventType.RECOGNITION_USAGE
            self._event_ch.send_nowait(SpeechEvent(kind, recognition_usage=usage))

    async def _in_time(self, frame: AudioFrame, start: float, end: float) -> SpeechEvent:
        timeout = self._conn_options.timeout + frame.duration
        whole = max(timeout, self._conn_options.drain_seconds)
        event: SpeechEvent | None = None
        with anyio.move_on_after(whole):
            event = await self._ask(_lengthened(frame), start, end, timeout)
        if event is None:
            raise APITimeoutError(
                f"{self._address} did not finish the transcript of {frame.duration:.1f} s of "
                f"audio within {whole:g} s (timeout and the length of the audio, or drain_timeout)"
            )
        return event

    async def _ask(
        self, frame: AudioFrame, start: float, end: float, timeout: float
    ) -> SpeechEvent:
        fields = self._options.fields(None, deltas=self._options.deltas)
        upload = wav_upload(frame.pcm, frame.sample_rate, frame.num_channels, fields)

        def read(body: Any) -> SpeechEvent:
            event = read_transcription(body, self._spoken, start=start, end=end)
            return fitted(event, start, end)

        async with self._http.stream(self._address, upload, timeout=timeout) as (headers, pieces):
            if headers.get("content-type", "").startswith("text/event-stream"):
                transcript = await self._follow(pieces, start, end)
                with guarded_answer(self._address, "OpenAI", transcript.guess):
                    event = read(transcript.answer())
            else:  # a server that makes no deltas
                answer = b"".join([piece async for piece in pieces]).decode(errors="replace")
                answer = redacted_message(answer, self._endpoint.secrets())
                event = read_answer(self._address, "OpenAI", answer, read)
        self._check_words(event)
        return event

    async def _follow(
        self, pieces: AsyncIterator[bytes], start: float, end: float
    ) -> StreamedTranscript:
        """Say guesses as they grow, and return the transcript once it is whole."""
        events, transcript = ServerSentEvents(), StreamedTranscript(self._address)
        async for piece in pieces:  # to the end, so that the connection can serve again
            with guarded_answer(self._address, "OpenAI", piece):
                for data in events.feed(piece):
                    if transcript.add(redacted_message(data, self._endpoint.secrets())):
                        self._guess(transcript.guess.strip(), start, end)
        if not transcript.done:
            raise APIConnectionError(f"{self._address} broke off before the transcript was done")
        return transcript

    def _guess(self, text: str, start: float, end: float) -> None:
        said = SpeechData(self._spoken, text, start, end)
        self._event_ch.send_nowait(
            SpeechEvent(SpeechEventType.INTERIM_TRANSCRIPT, alternatives=[said])
        )

    def _check_words(self, event: SpeechEvent) -> None:
        said = event.alternatives[0]
        if self._options.words and said.text and not said.words and not self._words_missed:
            self._words_missed = True
            _logger.warning(
                "%s: words=True was asked for, and %s gives no words: its model cannot, or it "
                "does not know timestamp_granularities",
                self.label,
                self._address,
            )


def _cut(whole: AudioFrame) -> tuple[list[AudioFrame], list[AudioFrame]]:
    """Cut what is too long for one request in pauses; return the pieces, and what is left."""
    pieces: list[AudioFrame] = []
    while whole.duration >= MAX_UTTERANCE:
        pause = quietest_place(whole, MAX_UTTERANCE - _LAST_PAUSE, MAX_UTTERANCE)
        cut = round(pause * whole.sample_rate)
        pieces.append(whole.slice(0, cut))
        whole = whole.slice(cut)
    return pieces, [whole] if whole.samples_per_channel else []


def _lengthened(frame: AudioFrame) -> AudioFrame:
    """Put silence behind what is too short to be taken."""
    missing = round(_SHORTEST * frame.sample_rate) - frame.samples_per_channel
    if missing <= 0:
        return frame
    silence = bytes(2 * frame.num_channels * missing)
    samples = frame.samples_per_channel + missing
    return AudioFrame(frame.pcm + silence, frame.sample_rate, frame.num_channels, samples)
