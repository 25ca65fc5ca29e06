"""Adapters with a real engine behind them, on human speech."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    AudioBuffer,
    AudioFrame,
    FallbackAdapter,
    RecognizeStream,
    SpeechEvent,
    SpeechEventType,
    StreamAdapter,
    Word,
)
from anyio_stt.adapters.adapter import Adapter, AdapterStream
from anyio_stt.engines.pocketsphinx import (
    PocketSphinxOptions,
    PocketSphinxSTT,
    PocketSphinxVAD,
)
from anyio_stt.options import DEFAULT_API_CONNECT_OPTIONS
from anyio_stt.testing import cut, spoken
from anyio_stt.vad import VADStream

pytestmark = [pytest.mark.heavy, pytest.mark.real_time, pytest.mark.timeout(120)]


class Wrapped(Adapter):
    """Passes everything on, and can be killed once it has heard so much audio."""

    def __init__(self, stt: STT, *, dies_at: float = 1e9, streaming: bool = True) -> None:
        super().__init__([stt], capabilities=replace(stt.capabilities, streaming=streaming))
        self.stt, self.dies_at = stt, dies_at

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        return await self.stt.recognize(buffer, language=language, conn_options=conn_options)

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        del language
        return WrappedStream(self, conn_options)


class WrappedStream(AdapterStream):
    def __init__(self, wrapped: Wrapped, conn_options: APIConnectOptions) -> None:
        super().__init__(stt=wrapped, conn_options=conn_options)
        self.wrapped, self.heard = wrapped, 0.0

    async def _run(self) -> None:
        async with self.wrapped.stt.stream() as stream, anyio.create_task_group() as tasks:
            tasks.start_soon(self._relay, stream)
            async for event in stream:
                self._event_ch.send_nowait(event)

    async def _pass_on(self, frame: AudioFrame, stream: RecognizeStream | VADStream) -> None:
        await super()._pass_on(frame, stream)
        self.heard += frame.duration
        if self.heard >= self.wrapped.dies_at:
            raise APIConnectionError("killed")


async def words_of(stream: RecognizeStream) -> list[Word]:
    words: list[Word] = []
    with anyio.fail_after(60):
        async with stream:
            for frame in cut(spoken().frame, 0.1):
                stream.push_frame(frame)
            stream.end_input()
            async for event in stream:
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    words += event.alternatives[0].words or []
        assert stream.statistics().dropped == 0
    return words


def engine() -> PocketSphinxSTT:
    pytest.importorskip("pocketsphinx")
    return PocketSphinxSTT(PocketSphinxOptions(interim_results=False))


async def test_a_batch_engine_streams_through_the_adapter() -> None:
    async with engine() as stt:
        batch = Wrapped(stt, streaming=False)
        words = await words_of(StreamAdapter(stt=batch, vad=PocketSphinxVAD()).stream())

    heard = {word.text for word in words}
    expected = set(spoken().transcript.split())
    assert len(heard & expected) >= len(expected) / 2
    assert all(0 <= word.start_time <= spoken().frame.duration for word in words)


async def test_killing_either_engine_of_a_pair_loses_no_stretch_and_says_none_twice() -> None:
    async with engine() as first, engine() as second:
        undisturbed = await words_of(first.stream())
        for members in ((first, second), (second, first)):
            for share in (0.6,):
                dying = Wrapped(members[0], dies_at=share * spoken().frame.duration)
                pair = FallbackAdapter([dying, members[1]], max_retry_per_stt=0)
                words = await words_of(pair.stream())

                for word in undisturbed:
                    assert any(
                        each.start_time < word.end_time and word.start_time < each.end_time
                        for each in words
                    ), (share, word)
                for before, after in pairwise(words):
                    assert after.start_time >= before.end_time - 0.02
