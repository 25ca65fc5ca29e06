"""An engine that recognises the words of `say_words`, so that what was lost or doubled shows."""

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
    Word,
)
from anyio_stt.testing.servers.words import Recogniser, Utterance


class WordsSTT(STT):
    def __init__(self) -> None:
        super().__init__(
            capabilities=STTCapabilities(
                streaming=True, interim_results=True, aligned_transcript="word"
            )
        )

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        return _WordsStream(stt=self, conn_options=conn_options, sample_rate=16000)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        raise NotImplementedError


class _WordsStream(RecognizeStream):
    async def _run(self) -> None:
        self._recogniser = Recogniser(16000)
        self._speaking = False
        async for item in self._input_ch:
            if isinstance(item, AudioFrame):
                self._say(self._recogniser.feed(item.to_array()))
            else:
                self._say(self._recogniser.finish())
        self._say(self._recogniser.finish())

    def _say(self, told: list[Utterance]) -> None:
        for said in told:
            if said.words:
                self._tell(said)
            elif said.final:
                self._report_silence(said.end)
            if said.final and said.words:
                self._event_ch.send_nowait(
                    SpeechEvent(SpeechEventType.END_OF_SPEECH, time=said.end)
                )
                self._speaking = False

    def _tell(self, said: Utterance) -> None:
        words = [Word(each.text, each.start, each.end, 0.9) for each in said.words]
        if not self._speaking:
            self._speaking = True
            start = SpeechEvent(SpeechEventType.START_OF_SPEECH, time=words[0].start_time)
            self._event_ch.send_nowait(start)
        data = SpeechData("en", said.text, words[0].start_time, said.end, 0.9, words=words)
        kind = (
            SpeechEventType.FINAL_TRANSCRIPT if said.final else SpeechEventType.INTERIM_TRANSCRIPT
        )
        self._event_ch.send_nowait(SpeechEvent(kind, alternatives=[data]))
