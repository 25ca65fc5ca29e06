"""Engines whose attempts are functions, and a record of what an STT tells its listeners."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from anyio_stt import (
    DEFAULT_API_CONNECT_OPTIONS,
    STT,
    APIConnectOptions,
    AudioBuffer,
    RecognizeStream,
    SpeechEvent,
    STTCapabilities,
    STTError,
    STTMetrics,
)

Run = Callable[[Any], Awaitable[None]]
Recognize = Callable[[AudioBuffer], Awaitable[SpeechEvent]]


class FunctionStream(RecognizeStream):
    def __init__(self, run: Run, **options: Any) -> None:
        super().__init__(**options)
        self.run = run

    async def _run(self) -> None:
        await self.run(self)


class FunctionSTT(STT):
    """
    An engine made of functions.

    Args:
        run: one attempt of a stream; it is given the stream.
        recognize: one attempt of `recognize`.
        audio: `sample_rate` and `frame_duration` for the base.
    """

    def __init__(
        self, run: Run | None = None, *, recognize: Recognize | None = None, **audio: Any
    ) -> None:
        super().__init__(capabilities=STTCapabilities(streaming=True, interim_results=True))
        self.run = run
        self.recognize_once = recognize
        self.audio = audio

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> FunctionStream:
        assert self.run is not None
        return FunctionStream(self.run, stt=self, conn_options=conn_options, **self.audio)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        assert self.recognize_once is not None
        return await self.recognize_once(buffer)


@dataclass
class Told:
    """What the listeners of an STT were told."""

    metrics: list[STTMetrics] = field(default_factory=list)
    errors: list[STTError] = field(default_factory=list)


@pytest.fixture
def engine() -> Callable[..., FunctionSTT]:
    return FunctionSTT


@pytest.fixture
def listen_to() -> Callable[[STT], Told]:
    def listen(stt: STT) -> Told:
        told = Told()
        stt.on("metrics_collected", told.metrics.append)
        stt.on("error", told.errors.append)
        return told

    return listen
