"""Batch engines that each break one line of the contract."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import anyio

from anyio_stt import (
    STT,
    AudioBuffer,
    AudioFrame,
    SpeechEvent,
    STTCapabilities,
    combine_frames,
)
from tests.testing.loud_engine import LoudStream, LoudSTT, final


class Batch(LoudSTT):
    """Recognises recordings only, and keeps the contract."""

    def __init__(self) -> None:
        super().__init__()
        self._capabilities = STTCapabilities(streaming=False, interim_results=False)

    def stream(self, **options: Any) -> LoudStream:
        raise NotImplementedError

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: Any
    ) -> SpeechEvent:
        return await self.answer(combine_frames(buffer))

    async def answer(self, frame: AudioFrame) -> SpeechEvent:
        return await super()._recognize_impl(frame, language=None, conn_options=None)  # type: ignore[arg-type]


class ComputesOnTheLoop(Batch):
    async def answer(self, frame: AudioFrame) -> SpeechEvent:
        time.sleep(0.3)
        return await super().answer(frame)


class TakesAnyRate(Batch):
    """Takes every recording for one of 16 kHz in mono."""

    async def answer(self, frame: AudioFrame) -> SpeechEvent:
        return await super().answer(AudioFrame(frame.pcm, 16000, 1, len(frame.pcm) // 2))


class ForgetsToClose(Batch):
    """What it owns is closed, its calls and streams are not."""

    async def aclose(self) -> None:
        await anyio.lowlevel.checkpoint()


class CountsAcrossCalls(Batch):
    """Its clock goes on from recording to recording."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0.0

    async def answer(self, frame: AudioFrame) -> SpeechEvent:
        event = await super().answer(frame)
        self.clock += frame.duration
        return event.shifted(self.clock - frame.duration)


class MixesItsCalls(Batch):
    """Two calls at once hear one another's audio."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[AudioFrame] = []

    async def answer(self, frame: AudioFrame) -> SpeechEvent:
        self.frames.append(frame)
        await anyio.sleep(0.01)
        return await super().answer(combine_frames(self.frames))


class RefusesTheFormat(Batch):
    """An engine may refuse a format aloud."""

    async def answer(self, frame: AudioFrame) -> SpeechEvent:
        if (frame.sample_rate, frame.num_channels) != (16000, 1):
            raise ValueError(f"16 kHz in mono only, got {frame}")
        return await super().answer(frame)


class HasNoTimes(Batch):
    async def answer(self, frame: AudioFrame) -> SpeechEvent:
        return final((await super().answer(frame)).alternatives[0].text, 0.0, 0.0)


class WaitsForEver(Batch):
    async def answer(self, frame: AudioFrame) -> SpeechEvent:
        await anyio.sleep_forever()
        raise AssertionError


class DropsWhatIsOpenAtAFlush(LoudStream):
    """What is not yet said when a marker or the end comes is forgotten."""

    def finish(self) -> None:
        if self.loud and self.heard - self.loud[-1] <= 0.35:
            self.loud = []
        super().finish()


CORRECT: dict[str, Callable[[], STT]] = {
    "a batch engine": Batch,
    "one that refuses formats": RefusesTheFormat,
    "one without times": HasNoTimes,
}

BROKEN_BATCHES: dict[str, tuple[str, Callable[[], STT]]] = {
    "computes on the loop": ("blocking", ComputesOnTheLoop),
    "takes any rate for its own in recognize": ("S8", TakesAnyRate),
    "forgets to close its base": ("S5", ForgetsToClose),
    "counts on from call to call": ("S17", CountsAcrossCalls),
    "adds up its calls": ("S17", MixesItsCalls),
    "waits for ever in recognize": ("S5", WaitsForEver),
}
