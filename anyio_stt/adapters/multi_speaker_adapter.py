"""Who of several speakers is the primary one, and what becomes of the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..audio.cutting import FrameCutter
from ..audio.frame import AudioBuffer, AudioFrame
from ..events import SpeechData, SpeechEvent, SpeechEventType
from ..options import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from ..stream import RecognizeStream
from ..stt import STT
from ..vad import VADStream
from .adapter import Adapter
from .adapter_stream import AdapterStream, with_queue
from .primary_speaker import PrimaryDetection, PrimarySpeaker

__all__ = ("MultiSpeakerAdapter",)

_TRANSCRIPTS = (
    SpeechEventType.INTERIM_TRANSCRIPT,
    SpeechEventType.PREFLIGHT_TRANSCRIPT,
    SpeechEventType.FINAL_TRANSCRIPT,
)


class MultiSpeakerAdapter(Adapter):
    """
    Marks the primary speaker, the loudest one, in the transcripts of an engine with speaker ids.

    Transcripts get `is_primary_speaker`, and their text is formatted with `{text}` and
    `{speaker_id}`. Of a suppressed background speaker, only a FINAL with an empty text is
    delivered.

    Args:
        stt: an engine that tells speakers apart; it stays the caller's to close.
        detect_primary_speaker: whether to look for one at all.
        suppress_background_speaker: whether to leave out the other speakers.
        primary_detection_options: how levels are compared.
        primary_format: the text of the primary speaker, and of all while there is none.
        background_format: the text of the others.

    Raises:
        ValueError: for an engine without speaker ids, or when others are to be suppressed and
            no primary speaker is looked for.
    """

    def __init__(
        self,
        *,
        stt: STT,
        detect_primary_speaker: bool = True,
        suppress_background_speaker: bool = False,
        primary_detection_options: PrimaryDetection | None = None,
        primary_format: str = "{text}",
        background_format: str = "{text}",
    ) -> None:
        if not stt.capabilities.diarization:
            raise ValueError(f"{stt.label} does not tell speakers apart: turn its diarization on")
        if suppress_background_speaker and not detect_primary_speaker:
            raise ValueError("suppress_background_speaker needs detect_primary_speaker=True")
        reach = with_queue([stt.capabilities.max_uncovered])
        super().__init__(
            [stt],
            capabilities=replace(
                stt.capabilities,
                max_uncovered=reach,
                num_channels=None,  # what is lost by mixing is said here, once
            ),
        )
        self._wrapped = stt
        self.detect = detect_primary_speaker
        self.suppress = suppress_background_speaker
        self.detection: PrimaryDetection = primary_detection_options or PrimaryDetection()
        self.formats: dict[bool | None, str] = {
            True: primary_format,
            False: background_format,
            None: primary_format,
        }

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        """Make a stream; it starts nothing until its block is entered."""
        return _SpeakersStream(self, self._wrapped, language=language, conn_options=conn_options)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        return await self._wrapped.recognize(buffer, language=language, conn_options=conn_options)


class _SpeakersStream(AdapterStream):
    def __init__(
        self,
        adapter: MultiSpeakerAdapter,
        wrapped: STT,
        *,
        language: str | None,
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(stt=adapter, conn_options=conn_options)
        self._adapter = adapter
        self._wrapped = wrapped
        self._language = language
        self._speakers = PrimarySpeaker(adapter.detection)
        self._cutter: FrameCutter | None = None

    async def _run(self) -> None:
        stream = self._wrapped.stream(language=self._language, conn_options=self._member_options)
        await self._follow(stream, lambda event: self._hear(event, stream))

    def _hear(self, event: SpeechEvent, stream: RecognizeStream) -> None:
        marked = self._mark(event)
        if marked is not None:
            self._event_ch.send_nowait(marked)
        self._note_settled(stream)

    async def _pass_on(self, frame: AudioFrame, stream: RecognizeStream | VADStream) -> None:
        if self._adapter.detect:
            self._measure(frame)
        await super()._pass_on(frame, stream)
        if isinstance(stream, RecognizeStream):
            self._note_settled(stream)

    def _measure(self, frame: AudioFrame) -> None:
        if self._cutter is None:
            window = max(1, round(self._adapter.detection.window * frame.sample_rate))
            self._cutter = FrameCutter(window)
        for window_frame in self._cutter.push(frame):
            samples = window_frame.to_array().astype(np.float64)
            self._speakers.push_level(float(np.sqrt(np.mean(samples**2))))

    def _mark(self, event: SpeechEvent) -> SpeechEvent | None:
        if event.type not in _TRANSCRIPTS or not event.alternatives:
            return event
        data = event.alternatives[0]
        primary = self._is_primary(event.type, data)
        if primary is False and self._adapter.suppress:
            if event.type is not SpeechEventType.FINAL_TRANSCRIPT:
                return None
            text = ""
        else:
            spoken = self._adapter.formats[primary]
            text = spoken.format(text=data.text, speaker_id=data.speaker_id)
        marked = replace(data, text=text, is_primary_speaker=primary)
        return replace(event, alternatives=[marked, *event.alternatives[1:]])

    def _is_primary(self, kind: SpeechEventType, data: SpeechData) -> bool | None:
        if not self._adapter.detect or data.speaker_id is None:
            return None
        if kind is SpeechEventType.FINAL_TRANSCRIPT:
            self._speakers.hear(data.speaker_id, data.start_time, data.end_time)
        primary = self._speakers.primary
        return None if primary is None else data.speaker_id == primary
