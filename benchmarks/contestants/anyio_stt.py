"""This library, on asyncio, uvloop and trio."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import anyio

from anyio_stt import (
    STT,
    APIConnectOptions,
    AudioFrame,
    RecognitionUsage,
    RecognizeStream,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    STTCapabilities,
)
from anyio_stt.audio import Resampler
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.engines.pocketsphinx import PocketSphinxOptions, PocketSphinxSTT

from ..kit import RATE, Body, Group, Kit, NotMeasured, Resampling, Stream

T = TypeVar("T")

# The bursts are longer than the minute of audio that may wait by default; LiveKit has no bound.
_OPTIONS = APIConnectOptions(max_pending_audio=math.inf)


class _Engine(STT):
    def __init__(self, body: Body, chunk: float | None = None) -> None:
        super().__init__(capabilities=STTCapabilities(streaming=True, interim_results=True))
        self.body = body
        self.chunk = chunk

    async def _recognize_impl(self, buffer: Any, *, language: Any, conn_options: Any) -> Any:
        raise NotImplementedError

    def stream(
        self, *, language: Any = None, conn_options: APIConnectOptions = _OPTIONS
    ) -> _Stream:
        return _Stream(stt=self, conn_options=conn_options, frame_duration=self.chunk)


class _Stream(RecognizeStream):
    async def _run(self) -> None:
        await self._stt.body(self)


class AnyioKit(Kit):
    packages = ("anyio", "trio", "uvloop", "numpy", "soxr", "samplerate", "pocketsphinx", "wsproto",
                "sherpa-onnx", "faster-whisper")  # fmt: skip
    import_line = "import anyio_stt"

    def __init__(self, loop: str) -> None:
        self.loop = loop
        self._last: _Engine | None = None

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        if self.loop == "trio":
            return anyio.run(main, backend="trio")
        return anyio.run(main, backend_options={"use_uvloop": self.loop == "uvloop"})

    async def pause(self) -> None:
        if self.loop == "trio":
            await anyio.lowlevel.checkpoint()
        else:
            await asyncio.sleep(0)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

    @asynccontextmanager
    async def group(self) -> AsyncIterator[Group]:
        async with anyio.create_task_group() as tasks:
            yield tasks
            tasks.cancel_scope.cancel()

    def frame(self, samples: int, rate: int = RATE, data: bytes | None = None) -> AudioFrame:
        return AudioFrame(data or bytes(2 * samples), rate, 1, samples)

    @asynccontextmanager
    async def open(self, body: Body) -> AsyncIterator[Stream]:
        async with self._engine(body).stream() as stream:
            yield stream

    def _engine(self, body: Body) -> _Engine:
        if self._last is None or self._last.body is not body:
            self._last = _Engine(body)
        return self._last

    @asynccontextmanager
    async def streams(
        self,
        count: int,
        body: Body,
        *,
        chunk: float | None = None,
        on_metrics: Callable[[Any], None] | None = None,
    ) -> AsyncIterator[list[Stream]]:
        async with _Engine(body, chunk) as stt, anyio.create_task_group() as tasks:
            if on_metrics is not None:
                stt.on("metrics_collected", on_metrics)
            yield [stt.stream().start(tasks) for _ in range(count)]
            await stt.aclose()

    @asynccontextmanager
    async def deepgram(
        self, url: str, count: int, chunk: float | None
    ) -> AsyncIterator[list[Stream]]:
        length = {} if chunk is None else {"frame_duration": chunk}
        stt = DeepgramSTT(base_url=url, api_key="k", **length)
        async with stt, anyio.create_task_group() as tasks:
            yield [stt.stream().start(tasks) for _ in range(count)]
            await stt.aclose()

    async def answer_chunks(self, stream: Any, samples: int) -> None:
        stream._event_ch.send_nowait(self.start())
        async for item in stream._input_ch:
            if not isinstance(item, stream._FlushSentinel):
                stream._event_ch.send_nowait(self.interim())

    def interim(self) -> SpeechEvent:
        return SpeechEvent(SpeechEventType.INTERIM_TRANSCRIPT, "r", [SpeechData("en", "x")])

    def utterance(self) -> tuple[SpeechEvent, ...]:
        return (
            SpeechEvent(SpeechEventType.START_OF_SPEECH, "r"),
            SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, "r", [SpeechData("en", "x")]),
            SpeechEvent(SpeechEventType.END_OF_SPEECH, "r"),
            SpeechEvent(
                SpeechEventType.RECOGNITION_USAGE, "r", recognition_usage=RecognitionUsage(0.02)
            ),
        )

    def resampler(self, in_rate: int, out_rate: int) -> Resampling:
        return _Resampling(in_rate, out_rate, "soxr")

    @asynccontextmanager
    async def embedded(self, *, interims: bool) -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
        options = PocketSphinxOptions(interim_results=interims)
        async with PocketSphinxSTT(options) as stt:
            yield partial(self._recognise, stt)

    @asynccontextmanager
    async def local(
        self, engine: str, *, interims: bool
    ) -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
        try:
            stt = _local_engine(engine, interims)
        except (ImportError, LookupError) as exc:
            raise NotMeasured(str(exc)) from exc
        async with stt:
            yield partial(self._recognise, stt)

    async def _recognise(self, stt: STT, audio: bytes) -> str:
        frames = [
            self.frame(1600, data=audio[at : at + 3200]) for at in range(0, len(audio) - 3199, 3200)
        ]
        async with stt.stream() as stream, anyio.create_task_group() as tasks:
            tasks.start_soon(stream.feed, frames)
            heard = [event async for event in stream]
        final = SpeechEventType.FINAL_TRANSCRIPT
        return " ".join(e.alternatives[0].text for e in heard if e.type is final)


def _local_engine(engine: str, interims: bool) -> STT:
    if engine == "sherpa":
        from anyio_stt.engines.sherpa import SherpaOptions, SherpaSTT

        return SherpaSTT(SherpaOptions(interim_results=interims))
    from anyio_stt.engines.whisper import WhisperOptions, WhisperSTT

    # In threads, because the processor time of other processes is known when they have ended.
    return WhisperSTT(WhisperOptions(interim_results=interims, num_threads=1), isolated=False)


class SamplerateKit(AnyioKit):
    """Without the extra `soxr`: the same, with the resampler that every installation has."""

    packages = ("numpy", "samplerate")

    def __init__(self) -> None:
        super().__init__("asyncio")

    def resampler(self, in_rate: int, out_rate: int) -> Resampling:
        return _Resampling(in_rate, out_rate, "samplerate")


class _Resampling:
    def __init__(self, in_rate: int, out_rate: int, backend: Any) -> None:
        self._resampler = Resampler(in_rate, out_rate, 1, backend=backend)

    def push(self, frame: AudioFrame) -> bytes:
        made = self._resampler.push(frame)
        return made.pcm if made else b""

    def flush(self) -> bytes:
        made = self._resampler.flush()
        return made.pcm if made else b""


def make(argument: str) -> Kit:
    return SamplerateKit() if argument == "samplerate" else AnyioKit(argument)
