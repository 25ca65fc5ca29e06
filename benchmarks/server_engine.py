"""An engine that only answers: an interim for each tenth of a second, a final every two."""

from __future__ import annotations

from anyio_stt import (
    DEFAULT_API_CONNECT_OPTIONS,
    STT,
    APIConnectOptions,
    AudioBuffer,
    AudioFrame,
    RecognizeStream,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    STTCapabilities,
)

INTERVAL = 0.1
UTTERANCE = 2.0


class AnsweringSTT(STT):
    def __init__(self) -> None:
        super().__init__(capabilities=STTCapabilities(streaming=True, interim_results=True))

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        return _AnsweringStream(stt=self, conn_options=conn_options)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        raise NotImplementedError


class _AnsweringStream(RecognizeStream):
    async def _run(self) -> None:
        heard = told = begun = 0.0
        async for frame in self._input_ch:
            if not isinstance(frame, AudioFrame):
                continue
            heard += frame.duration
            if heard - told < INTERVAL - 1e-6:
                continue
            told = heard
            final = heard - begun >= UTTERANCE
            kind = SpeechEventType.FINAL_TRANSCRIPT if final else SpeechEventType.INTERIM_TRANSCRIPT
            said = SpeechData("en", "so much was heard", begun, heard)
            self._event_ch.send_nowait(SpeechEvent(kind, alternatives=[said]))
            if final:
                begun = heard
