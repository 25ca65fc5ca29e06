"""LiveKit Agents, whichever version the environment holds; always on asyncio, as it must."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from livekit import rtc
from livekit.agents import stt as lk
from livekit.agents.utils.audio import AudioByteStream
from livekit.plugins import deepgram

try:
    from livekit.agents import DEFAULT_API_CONNECT_OPTIONS
except ImportError:  # 0.12 keeps it elsewhere
    from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

from ..kit import RATE, Body, Kit, Resampling, Stream
from ..loops import AsyncioKit


class _Engine(lk.STT):
    def __init__(self, body: Body) -> None:
        super().__init__(capabilities=lk.STTCapabilities(streaming=True, interim_results=True))
        self.body = body

    async def _recognize_impl(self, buffer: Any, *, language: Any, conn_options: Any) -> Any:
        raise NotImplementedError

    def stream(
        self, *, language: Any = None, conn_options: Any = DEFAULT_API_CONNECT_OPTIONS
    ) -> _Stream:
        return _Stream(stt=self, conn_options=conn_options)


class _Stream(lk.RecognizeStream):
    async def _run(self) -> None:
        await self._stt.body(self)


class LiveKitKit(AsyncioKit):
    packages = (
        "livekit-agents",
        "livekit-plugins-deepgram",
        "livekit",
        "aiohttp",
        "numpy",
    )
    import_line = "import livekit.agents.stt"
    _last: _Engine | None = None

    def frame(self, samples: int, rate: int = RATE, data: bytes | None = None) -> rtc.AudioFrame:
        return rtc.AudioFrame(data or bytes(2 * samples), rate, 1, samples)

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
        stt = _Engine(body)
        if on_metrics is not None:
            stt.on("metrics_collected", on_metrics)
        streams = [stt.stream() for _ in range(count)]
        try:
            yield streams
        finally:
            for stream in streams:
                await stream.aclose()

    @asynccontextmanager
    async def deepgram(
        self, url: str, count: int, chunk: float | None
    ) -> AsyncIterator[list[Stream]]:
        # Its messages have 50 ms, whatever is wanted. Closed, 0.12 leaves tasks that nobody awaits,
        # and asyncio would write a traceback for each.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        connector = aiohttp.TCPConnector(limit=0)  # the default lets 100 connections be open
        async with aiohttp.ClientSession(connector=connector) as session:
            stt = deepgram.STT(
                api_key="k", base_url=f"{url}/v1/listen", http_session=session, model="nova-2"
            )
            streams = [stt.stream() for _ in range(count)]
            try:
                yield streams
            finally:
                for stream in streams:
                    await stream.aclose()

    async def answer_chunks(self, stream: Any, samples: int) -> None:
        # Its base does not cut: this is what its own engines do.
        chunks = AudioByteStream(RATE, 1, samples)
        stream._event_ch.send_nowait(self.start())
        async for item in stream._input_ch:
            if isinstance(item, rtc.AudioFrame):
                frames = chunks.write(item.data.tobytes())
            else:
                frames = chunks.flush()
            for _ in frames:
                stream._event_ch.send_nowait(self.interim())

    def interim(self) -> lk.SpeechEvent:
        return lk.SpeechEvent(
            lk.SpeechEventType.INTERIM_TRANSCRIPT, "r", [lk.SpeechData("en", "x")]
        )

    def utterance(self) -> tuple[lk.SpeechEvent, ...]:
        return (
            lk.SpeechEvent(lk.SpeechEventType.START_OF_SPEECH, "r"),
            lk.SpeechEvent(lk.SpeechEventType.FINAL_TRANSCRIPT, "r", [lk.SpeechData("en", "x")]),
            lk.SpeechEvent(lk.SpeechEventType.END_OF_SPEECH, "r"),
            lk.SpeechEvent(
                lk.SpeechEventType.RECOGNITION_USAGE,
                "r",
                recognition_usage=lk.RecognitionUsage(0.02),
            ),
        )

    def resampler(self, in_rate: int, out_rate: int) -> Resampling:
        return _Resampling(in_rate, out_rate)


class _Resampling:
    def __init__(self, in_rate: int, out_rate: int) -> None:
        # The quality that its RecognizeStream asks for.
        quality = rtc.AudioResamplerQuality.HIGH
        self._resampler = rtc.AudioResampler(in_rate, out_rate, quality=quality)

    def push(self, frame: rtc.AudioFrame) -> bytes:
        return b"".join(bytes(made.data) for made in self._resampler.push(frame))

    def flush(self) -> bytes:
        return b"".join(bytes(made.data) for made in self._resampler.flush())


def make(argument: str) -> Kit:
    return LiveKitKit()
