"""Speech whose every tenth of a second says its own number, and engines that hear the numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import anyio
import numpy as np

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    AudioBuffer,
    AudioFrame,
    RecognizeStream,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    STTCapabilities,
    combine_frames,
)
from anyio_stt.options import DEFAULT_API_CONNECT_OPTIONS

RATE = 16000
STEP = 0.1
SAMPLES = round(STEP * RATE)
LOUD = 2000
"""The level of step 0; each step is one louder."""


def speech(rng: random.Random, steps: int, first: int = 0) -> tuple[AudioFrame, set[int]]:
    """Return utterances of random length with pauses between, and the numbers said in them."""
    levels = np.zeros(steps, np.int16)
    said: set[int] = set()
    at = rng.randrange(4)
    while at < steps:
        for step in range(at, min(steps, at + rng.randint(1, 8))):
            levels[step] = LOUD + first + step
            said.add(first + step)
        at += rng.randint(5, 16)
    return AudioFrame.from_array(levels.repeat(SAMPLES), RATE), said


def numbers(frame: AudioFrame) -> list[int]:
    """Return the numbers in *frame*."""
    samples = frame.to_array().reshape(-1)
    return [int(each) - LOUD for each in np.unique(samples[samples >= LOUD])]


def final(said: list[int], start: float = 0.0, end: float = 0.0) -> SpeechEvent:
    data = SpeechData("en", " ".join(map(str, said)), start, end, speaker_id="S")
    return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, alternatives=[data])


class Faults:
    """
    Decides by chance what goes wrong.

    Args:
        rng: the chance.
        share: of occasions on which something does.
    """

    def __init__(self, rng: random.Random, share: float) -> None:
        self.rng = rng
        self.share = share

    async def strike(self) -> None:
        if self.rng.random() < self.share:
            if self.rng.random() < 0.2:
                await anyio.sleep(self.rng.random())
                return
            after = 3600.0 if self.rng.random() < 0.1 else None
            retryable = self.rng.random() < 0.9
            raise APIConnectionError("lost", retryable=retryable, retry_after=after)

    def refuses(self) -> bool:
        return self.rng.random() < self.share / 2


class NumberSTT(STT):
    """Hears numbers, with faults, as a stream or a recording at a time."""

    def __init__(self, faults: Faults, *, streaming: bool = True, label: str = "n") -> None:
        super().__init__(
            capabilities=STTCapabilities(
                streaming=streaming, interim_results=False, diarization=True
            )
        )
        self.faults = faults
        self._name = label

    @property
    def label(self) -> str:
        return self._name

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        await self.faults.strike()
        if self.faults.refuses():
            raise APIStatusError("unintelligible", status_code=422)
        return final(numbers(combine_frames(buffer)))

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        return NumberStream(self, conn_options)


class NumberStream(RecognizeStream):
    def __init__(self, stt: NumberSTT, conn_options: APIConnectOptions) -> None:
        super().__init__(stt=stt, conn_options=conn_options, sample_rate=RATE, frame_duration=STEP)
        self.faults = stt.faults

    async def _run(self) -> None:
        self.said: list[int] = []
        self.begun = self.heard = 0.0
        await self.faults.strike()
        async for item in self._input_ch:
            if isinstance(item, AudioFrame):
                await self.hear(item)
            else:
                self.finish()
        await self.faults.strike()
        self.finish()

    async def hear(self, frame: AudioFrame) -> None:
        found = numbers(frame)
        if found and not self.said:
            self.begun = self.heard
        self.said += [each for each in found if each not in self.said]
        if not found:
            await self.faults.strike()
            self.finish()
        self.heard += frame.duration

    def finish(self) -> None:
        said, self.said = self.said, []
        if not said:
            if self.faults.rng.random() < 0.5:
                self._report_silence(self.heard)
        elif self.faults.refuses():
            refusal = APIStatusError("unintelligible", status_code=422)
            self._report_refused(refusal, self.begun, self.heard)
        else:
            self._event_ch.send_nowait(final(said, self.begun, self.heard))


Maker = Callable[[Faults], Any]
