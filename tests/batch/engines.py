"""Engines that tests of many recordings use."""

from __future__ import annotations

import anyio

from anyio_stt import (
    STT,
    APIConnectOptions,
    APIStatusError,
    AudioBuffer,
    AudioFrame,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    STTCapabilities,
    Word,
    calculate_audio_duration,
    combine_frames,
)
from anyio_stt.testing import silence

__all__ = ("REFUSED", "BatchSTT", "recording")

QUIET = 20  # what is softer is silence
REFUSED = 23


def recording(number: int, seconds: float = 1.0) -> AudioFrame:
    """Return audio whose every sample is *number*; `REFUSED` is not understood."""
    quiet = silence(seconds, sample_rate=8000)
    return AudioFrame.from_array(quiet.to_array() + number, 8000)


class BatchSTT(STT):
    """Says which number it hears, the later the more it is above 20; knows how many at once."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        super().__init__(capabilities=STTCapabilities(streaming=False, interim_results=False))
        self._seconds = seconds
        self.now = self.most = self.answered = 0
        self.closed = False

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        number = int(combine_frames(buffer).to_array()[0])
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await anyio.sleep(self._seconds * (number - QUIET))
        finally:
            self.now -= 1
        if number == REFUSED:
            raise APIStatusError("nobody hears that", status_code=400)
        self.answered += 1
        end = calculate_audio_duration(buffer)
        word = Word(str(number), 0.0, end)
        data = SpeechData(language or "en", str(number), 0.0, end, words=[word])
        return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, "", [data])

    async def aclose(self) -> None:
        self.closed = True
        await super().aclose()
