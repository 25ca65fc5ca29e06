"""
The limit: a deque and the cheapest wake-up each loop has, and nothing that a library promises.

No bound, no retry, no replay, no clock, no error handling: what is left is what anybody pays.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import numpy as np
import pocketsphinx
import soxr
import trio

from ..kit import RATE, Body, Group, Kit, Resampling, Stream
from ..loops import AsyncioKit
from .bare_engines import bare_loop
from .bare_websocket import BareWebSocket

T = TypeVar("T")


class _Pipe:
    """A deque that one task reads."""

    def __init__(self) -> None:
        self.items: deque[Any] = deque()
        self.closed = False

    def send_nowait(self, item: Any) -> None:
        self.items.append(item)
        self.wake()

    def close(self) -> None:
        self.closed = True
        self.wake()

    def __aiter__(self) -> _Pipe:
        return self

    async def __anext__(self) -> Any:
        while not self.items:
            if self.closed:
                raise StopAsyncIteration
            await self.wait()
        return self.items.popleft()

    @abstractmethod
    def wake(self) -> None: ...

    @abstractmethod
    async def wait(self) -> None: ...


class _AsyncioPipe(_Pipe):
    _future: asyncio.Future[None] | None = None

    def wake(self) -> None:
        if self._future is not None:
            self._future.set_result(None)
            self._future = None

    async def wait(self) -> None:
        self._future = asyncio.get_running_loop().create_future()
        try:
            await self._future
        finally:
            self._future = None


class _TrioPipe(_Pipe):
    _task: Any = None

    def wake(self) -> None:
        if self._task is not None:
            trio.lowlevel.reschedule(self._task)
            self._task = None

    async def wait(self) -> None:
        self._task = trio.lowlevel.current_task()

        def abort(_: Any) -> Any:
            self._task = None
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)


class _Stream:
    def __init__(self, pipe: type[_Pipe]) -> None:
        self._input_ch = pipe()
        self._event_ch = pipe()
        self.push_frame = self._input_ch.send_nowait
        self.end_input = self._input_ch.close

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._event_ch

    async def __anext__(self) -> Any:
        return await self._event_ch.__anext__()

    async def work(self, body: Body) -> None:
        await body(self)
        self._event_ch.close()


class _AsyncioSocket(BareWebSocket):
    async def connect(self, host: str, port: int) -> None:
        self._reader, self._writer = await asyncio.open_connection(host, port)

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> bytes:
        return await self._reader.read(65536)

    async def close(self) -> None:
        self._writer.close()


class _TrioSocket(BareWebSocket):
    async def connect(self, host: str, port: int) -> None:
        self._stream = await trio.open_tcp_stream(host, port)

    async def send(self, data: bytes) -> None:
        await self._stream.send_all(data)

    async def receive(self) -> bytes:
        return bytes(await self._stream.receive_some())

    async def close(self) -> None:
        await self._stream.aclose()


class _Limit(Kit):
    """What both loops share."""

    pipe: type[_Pipe]
    socket: type[Any]

    def frame(self, samples: int, rate: int = RATE, data: bytes | None = None) -> bytes:
        return data or bytes(2 * samples)

    @asynccontextmanager
    async def open(self, body: Body) -> AsyncIterator[Stream]:
        async with self.streams(1, body) as streams:
            yield streams[0]

    @asynccontextmanager
    async def streams(
        self,
        count: int,
        body: Body,
        *,
        chunk: float | None = None,
        on_metrics: Callable[[Any], None] | None = None,
    ) -> AsyncIterator[list[Stream]]:
        async with self.group() as group:
            streams = [_Stream(self.pipe) for _ in range(count)]
            for stream in streams:
                group.start_soon(stream.work, body)
            yield streams

    @asynccontextmanager
    async def deepgram(
        self, url: str, count: int, chunk: float | None
    ) -> AsyncIterator[list[Stream]]:
        where = urlsplit(url)
        sockets = [self.socket(2 * round((chunk or 0.1) * RATE), self.pipe()) for _ in range(count)]
        for each in sockets:
            await each.connect(where.hostname, where.port)
            await each.open(where.netloc)
        async with self.group() as group:
            for each in sockets:
                group.start_soon(each.write)
            yield sockets
        for each in sockets:
            await each.close()

    async def answer_chunks(self, stream: Any, samples: int) -> None:
        held = []
        stream._event_ch.send_nowait(self.start())
        async for item in stream._input_ch:
            held.append(item)
            if len(held) * len(item) == 2 * samples:
                b"".join(held)
                held.clear()
                stream._event_ch.send_nowait(self.interim())

    def interim(self) -> tuple[str, str]:
        return ("interim", "x")

    def utterance(self) -> tuple[Any, ...]:
        return ("start", ("final", "x"), "end", 0.02)

    def resampler(self, in_rate: int, out_rate: int) -> Resampling:
        return _Resampling(in_rate, out_rate)

    @asynccontextmanager
    async def embedded(self, *, interims: bool) -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
        decoder = pocketsphinx.Decoder(loglevel="FATAL")

        async def recognise(audio: bytes) -> str:
            decoder.start_utt()
            for at in range(0, len(audio), 3200):
                decoder.process_raw(audio[at : at + 3200])
                if interims:
                    decoder.hyp()
                await self.pause()
            decoder.end_utt()
            return decoder.hyp().hypstr if decoder.hyp() else ""

        yield recognise

    @asynccontextmanager
    async def local(
        self, engine: str, *, interims: bool
    ) -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
        begin = bare_loop(engine, interims=interims)

        async def recognise(audio: bytes) -> str:
            words = ""
            for said in begin().hear(audio):
                words = said or words
                await self.pause()
            return words

        yield recognise


class LimitAsyncio(AsyncioKit, _Limit):
    pipe = _AsyncioPipe
    socket = _AsyncioSocket
    import_line = "import asyncio, numpy"


class LimitTrio(_Limit):
    pipe = _TrioPipe
    socket = _TrioSocket
    packages = ("trio", "soxr")
    import_line = "import trio, numpy"

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        return trio.run(main)

    async def pause(self) -> None:
        await trio.lowlevel.checkpoint()

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)

    @asynccontextmanager
    async def group(self) -> AsyncIterator[Group]:
        async with trio.open_nursery() as nursery:
            yield nursery
            nursery.cancel_scope.cancel()


class _Resampling:
    """soxr with arrays in and out, at the quality the others use."""

    def __init__(self, in_rate: int, out_rate: int) -> None:
        self._stream = soxr.ResampleStream(in_rate, out_rate, 1, dtype="int16", quality="HQ")

    def push(self, frame: bytes) -> bytes:
        return self._stream.resample_chunk(np.frombuffer(frame, np.int16)).tobytes()

    def flush(self) -> bytes:
        return self._stream.resample_chunk(np.zeros(0, np.int16), last=True).tobytes()


def make(argument: str) -> Kit:
    return LimitTrio() if argument == "trio" else LimitAsyncio()
