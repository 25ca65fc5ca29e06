"""Streams of an engine that recognises recordings only."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from typing import Any

import anyio

from ..audio.frame import AudioFrame, calculate_audio_duration
from ..events import SpeechEvent, SpeechEventType
from ..exceptions import APIError
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from ..stream import RecognizeStream
from ..stt import STT
from ..vad import VAD, VADStream
from ..voice import VADEvent, VADEventType
from .adapter import Adapter
from .adapter_stream import AdapterStream
from .open_utterance import OpenUtterance
from .refusals import is_refusal
from .utterance import Utterance, on_clock

__all__ = ("StreamAdapter",)

logger: logging.Logger = logging.getLogger("anyio_stt")

_MEMORY = 5.0
"""Seconds of silence that may yet belong to an utterance, as the padding before its onset."""

_LONGEST_SPEECH = 60.0
"""Seconds, for detectors that do not say how long an utterance may be; `VADOptions` has this."""


class StreamAdapter(Adapter):
    """
    Makes streams of a batch engine: a detector cuts the audio into utterances.

    START comes when somebody speaks, END when they stop, and the FINAL when the engine has
    answered; the next utterance is heard meanwhile, and FINALs come in order. When utterances of
    more than `max_pending_audio` seconds wait for the engine, the stream stops reading. The engine
    makes the retries, for each utterance, as `conn_options` say.

    Args:
        stt: the engine; it stays the caller's to close.
        vad: tells speech from silence.
        interim_interval: seconds between guesses at the open utterance. Each guess recognises all
            of it again, is charged and measured like any recognition, and is made only while no
            finished utterance waits. Its `words` are those on which it and the guess before agree;
            if they agree on all of it, it is a PREFLIGHT. `None` for no guesses.

    Raises:
        ValueError: for an interval that is not positive.
    """

    def __init__(self, *, stt: STT, vad: VAD, interim_interval: float | None = None) -> None:
        if interim_interval is not None and not interim_interval > 0:
            raise ValueError(f"interim_interval must be positive seconds, got {interim_interval!r}")
        super().__init__(
            [stt],
            capabilities=replace(
                stt.capabilities,
                streaming=True,
                interim_results=interim_interval is not None,
                num_channels=None,  # what is lost by mixing is said here, once
                max_uncovered=_longest(vad) + DEFAULT_API_CONNECT_OPTIONS.max_pending_audio,
            ),
        )
        self._wrapped = stt
        self._vad = vad
        self._interim_interval = interim_interval

    @property
    def wrapped_stt(self) -> STT:
        """The engine that recognises."""
        return self._wrapped

    def _core_check_stream_change(self, options: dict[str, Any]) -> None:
        for name in options.keys() - {"language"}:
            raise TypeError(
                f"a stream of {self._label} cannot change {name}, but language; "
                f"STT.update_options({name}=...) changes it for all"
            )
        super()._core_check_stream_change(options)

    async def _recognize_impl(
        self,
        buffer: AudioFrame | list[AudioFrame],
        *,
        language: str | None,
        conn_options: APIConnectOptions,
    ) -> SpeechEvent:
        return await self._wrapped.recognize(buffer, language=language, conn_options=conn_options)

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        """Make a stream; it starts nothing until its block is entered."""
        return _UtteranceStream(
            self,
            self._wrapped,
            self._vad,
            self._interim_interval,
            language=language,
            conn_options=conn_options,
        )


def _longest(vad: VAD) -> float:
    """Return the most audio that may lie open: an utterance, and the silence kept before it."""
    return (vad.capabilities.max_speech or _LONGEST_SPEECH) + _MEMORY


class _UtteranceStream(AdapterStream):
    def __init__(
        self,
        adapter: StreamAdapter,
        wrapped: STT,
        vad: VAD,
        interim_interval: float | None,
        *,
        language: str | None,
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(stt=adapter, conn_options=conn_options)
        self._wrapped = wrapped
        self._vad = vad
        self._interval = interim_interval
        self._language = self._spoken = language

    async def _run(self) -> None:
        self._waiting: deque[Utterance] = deque()
        self._open = OpenUtterance(keep=self._interval is not None)
        self._changed = anyio.Event()
        self._heard_all = False
        self._passed, self._rate = 0, 1  # samples that the detector is given, and how many a second
        self._judged = 0.0  # how far it has judged them, in seconds
        self._flushed_at: float | None = None
        async with self._vad.stream() as vad_stream, anyio.create_task_group() as tasks:
            tasks.start_soon(self._relay, vad_stream)
            tasks.start_soon(self._recognize_in_order)
            async for event in vad_stream:
                self._notice(event)
            if self._open.speaking:
                raise self._untold("ended while somebody spoke")
            self._heard_all = True
            self._wake()

    # ---- hearing

    async def _pass_on(self, frame: AudioFrame, stream: RecognizeStream | VADStream) -> None:
        while self._too_much_waits():
            await self._changed.wait()
        self._open.hear(frame)
        self._passed += frame.samples_per_channel
        self._rate = frame.sample_rate
        await super()._pass_on(frame, stream)

    def _pass_marker(self, stream: RecognizeStream | VADStream) -> None:
        super()._pass_marker(stream)
        self._flushed_at = self._passed / self._rate  # a marker comes behind audio only
        self._answer_flush()

    def _answer_flush(self) -> None:
        """Say that all before a flush is answered, once it is; the detector judges what it can."""
        due, unjudged = self._flushed_at, self._vad.capabilities.update_interval
        busy = self._open.speaking or self._waiting
        if due is not None and not busy and self._judged > due - unjudged - 1e-6:
            self._flushed_at = None
            self._report_silence(due)

    def _too_much_waits(self) -> bool:
        waiting = sum(utterance.end - utterance.start for utterance in self._waiting)
        return waiting > self._given_options.max_pending_audio

    def _notice(self, event: VADEvent) -> None:
        event = self._on_audio(event)
        start = max(0.0, event.timestamp - calculate_audio_duration(event.frames))
        self._judged = event.timestamp
        if event.type is VADEventType.START_OF_SPEECH:
            onset = event.timestamp - event.speech_duration
            self._say(SpeechEventType.START_OF_SPEECH, onset)
            self._spoken = self._option_at(onset, "language", self._language)
            self._open.begin(start)
            self._begun = event.timestamp
        elif event.type is VADEventType.END_OF_SPEECH:
            self._say(SpeechEventType.END_OF_SPEECH, event.timestamp - event.silence_duration)
            if not event.frames and self._open.speaking and event.timestamp > self._begun:
                raise self._untold("told the end of speech without its frames")
            self._open.end()
            if event.frames:
                said = Utterance(event.frames, start, event.timestamp, self._spoken)
                self._waiting.append(said)
        else:
            if not event.speaking:
                self._forget_before(event.timestamp - _MEMORY)
            self._answer_flush()
            return
        self._answer_flush()
        self._wake()

    def _untold(self, what: str) -> APIError:
        """Return the error for a detector that keeps speech to itself, which is no silence."""
        return APIError(
            f"{self._vad.label} {what}, so that nobody recognises what was said; each "
            f"START_OF_SPEECH needs an END_OF_SPEECH with the frames between",
            retryable=False,
        )

    def _on_audio(self, event: VADEvent) -> VADEvent:
        """Return *event* with a time in the audio that the detector was given."""
        heard, time = self._passed / self._rate, event.timestamp
        if 0 <= time <= heard:
            return event
        return replace(event, timestamp=0.0 if time < 0 else heard)

    def _forget_before(self, time: float) -> None:
        self._open.forget_before(time)
        if time > 0 and not self._waiting:
            self._report_silence(time)

    def _say(self, kind: SpeechEventType, time: float) -> None:
        self._event_ch.send_nowait(SpeechEvent(kind, time=time))

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    # ---- recognising

    async def _recognize_in_order(self) -> None:
        while True:
            if self._waiting:
                await self._recognize(self._waiting[0])
                self._waiting.popleft()
                self._answer_flush()
                self._wake()
            elif self._heard_all:
                return
            else:
                await self._guess_until_something_waits()

    async def _recognize(self, utterance: Utterance) -> None:
        try:
            event = await self._ask(utterance, self._given_options)
        except APIError as exc:
            if not is_refusal(exc):
                raise
            self._report_refused(exc, utterance.start, utterance.end)
            return
        data = event.alternatives[0] if event.alternatives else None
        if data is None or not data.text:
            self._report_silence(utterance.end)
            return
        self._event_ch.send_nowait(on_clock(event, utterance))

    async def _ask(self, utterance: Utterance, options: APIConnectOptions) -> SpeechEvent:
        return await self._wrapped.recognize(
            utterance.frames, language=utterance.language, conn_options=options
        )

    async def _guess_until_something_waits(self) -> None:
        changed = self._changed
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                if self._interval is not None and self._open.speaking:
                    tasks.start_soon(self._guess, self._interval)
                await changed.wait()
                scope.cancel()

    async def _guess(self, interval: float) -> None:
        """Recognise the open utterance again and again; cancelled when it is over."""
        once = replace(self._given_options, max_retry=0)
        while True:
            await anyio.sleep(interval)
            number = self._open.number
            frames, start, end = self._open.audio()
            if not frames:
                continue
            utterance = Utterance(frames, start, end, self._spoken)
            try:
                event = await self._ask(utterance, once)
            except APIError:
                logger.debug("%s failed to guess", self._wrapped.label, exc_info=True)
                continue
            if not self._open.speaking or number != self._open.number:
                return  # its END was said meanwhile: a guess would begin another utterance
            guess = self._open.agree(on_clock(event, utterance)) if event.alternatives else None
            if guess is not None:
                self._event_ch.send_nowait(guess)
