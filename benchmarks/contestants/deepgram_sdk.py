"""The vendor's own client, used as its documentation shows; asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment

from ..kit import RATE, Kit, Stream
from ..loops import AsyncioKit


class _Stream:
    """What a user writes around a connection: a queue, and messages of a fixed length."""

    def __init__(self, socket: Any, size: int) -> None:
        self._socket = socket
        self._size = size
        self._held = bytearray()
        self._messages: asyncio.Queue[bytes] = asyncio.Queue()

    def push_frame(self, frame: bytes) -> None:
        self._held += frame
        if len(self._held) >= self._size:
            self._messages.put_nowait(bytes(self._held[: self._size]))
            del self._held[: self._size]

    def end_input(self) -> None:
        raise NotImplementedError

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._socket.__aiter__()  # type: ignore[no-any-return]

    async def send(self) -> None:
        while True:
            await self._socket.send_media(await self._messages.get())


class DeepgramSdkKit(AsyncioKit):
    packages = ("deepgram-sdk", "websockets")
    import_line = "import deepgram"

    def frame(self, samples: int, rate: int = RATE, data: bytes | None = None) -> bytes:
        return data or bytes(2 * samples)

    @asynccontextmanager
    async def deepgram(
        self, url: str, count: int, chunk: float | None
    ) -> AsyncIterator[list[Stream]]:
        socket_url = url.replace("http", "ws")
        where = DeepgramClientEnvironment(
            base=url, production=socket_url, agent=socket_url, agent_rest=url
        )
        client = AsyncDeepgramClient(api_key="k", environment=where)
        size = 2 * round((chunk or 0.1) * RATE)
        async with AsyncExitStack() as stack:
            streams: list[Any] = []
            for _ in range(count):
                socket = await stack.enter_async_context(
                    client.listen.v1.connect(
                        model="nova-3",
                        encoding="linear16",
                        sample_rate=str(RATE),
                        interim_results="true",
                        vad_events="true",
                    )
                )
                streams.append(_Stream(socket, size))
            group = await stack.enter_async_context(self.group())
            for stream in streams:
                group.start_soon(stream.send)
            yield streams


def make(argument: str) -> Kit:
    return DeepgramSdkKit()
