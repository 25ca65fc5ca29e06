"""
The vendor's client with the reconnect that its documents advise.

While the connection is broken audio is kept, and sent when there is a new one; what was sent to
the old one and not answered is not known to be lost.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment

from ..client import RATE, Call, sockets

PACKAGES = ("deepgram-sdk", "websockets")
_WAIT, _TRIES = 0.5, 20


class Listener:
    def __init__(self, call: Call) -> None:
        self.call = call
        url = call.urls[0]
        where = DeepgramClientEnvironment(
            base=url, production=url.replace("http", "ws"), agent=url, agent_rest=url
        )
        self.client = AsyncDeepgramClient(api_key="k", environment=where)
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def push(self) -> None:
        for wait, audio in self.call.frames():
            await asyncio.sleep(wait)
            self.waiting.put_nowait(audio)
        self.waiting.put_nowait(None)

    async def listen(self) -> None:
        failures = 0
        while failures < _TRIES:
            try:
                async with self.client.listen.v1.connect(
                    model="nova-3", encoding="linear16", sample_rate=str(RATE)
                ) as socket:
                    failures = 0
                    if await self.converse(socket):
                        return
            except Exception:
                failures += 1
                await asyncio.sleep(_WAIT)
        self.call.end = f"gave up after {_TRIES} failures"

    async def converse(self, socket: Any) -> bool:
        """Send and hear until the connection ends; say whether that was the end of the speech."""
        sending = asyncio.ensure_future(self.send(socket))
        try:
            async for message in socket:
                alternatives = getattr(getattr(message, "channel", None), "alternatives", None)
                if alternatives and message.is_final:
                    self.call.hear(alternatives[0].transcript)
        except Exception:
            if not sending.done():
                raise
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await sending
        return sending.done() and not sending.cancelled() and sending.exception() is None

    async def send(self, socket: Any) -> None:
        while (audio := await self.waiting.get()) is not None:
            await socket.send_media(audio)
        await socket.send_close_stream()


async def main(call: Call) -> None:
    open_before, listener = sockets(), Listener(call)
    pushing = asyncio.ensure_future(listener.push())
    await listener.listen()
    pushing.cancel()
    await asyncio.gather(pushing, return_exceptions=True)
    await asyncio.sleep(0.5)
    left = len(asyncio.all_tasks()) - 1
    call.left = {"tasks": left, "sockets": max(0, sockets() - open_before)}


def listen(call: Call, argument: str) -> None:
    asyncio.run(main(call))
