"""
The limit of a websocket client: one task that writes, one that reads, and nothing else.

No deadline, no ping, no close, no retry; a message is a header, the mask, and the audio.
"""

from __future__ import annotations

import base64
import json
import os
from abc import ABC, abstractmethod
from typing import Any

__all__ = ("BareWebSocket",)


class BareWebSocket(ABC):
    """
    A stream to a server that speaks Deepgram's protocol.

    Args:
        size: bytes of audio in a message.
        messages: a queue with `send_nowait`, iterated by the task that writes.
    """

    def __init__(self, size: int, messages: Any) -> None:
        self._size = size
        self._held = bytearray()
        self._messages = messages
        self._buffer = bytearray()

    @abstractmethod
    async def send(self, data: bytes) -> None: ...

    @abstractmethod
    async def receive(self) -> bytes: ...

    async def open(self, host: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        await self.send(
            f"GET /v1/listen?sample_rate=16000 HTTP/1.1\r\nHost: {host}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += await self.receive()
        del self._buffer[: self._buffer.index(b"\r\n\r\n") + 4]

    def push_frame(self, frame: bytes) -> None:
        self._held += frame
        if len(self._held) >= self._size:
            self._messages.send_nowait(bytes(self._held[: self._size]))
            del self._held[: self._size]

    def end_input(self) -> None:
        self._messages.close()

    async def write(self) -> None:
        async for message in self._messages:
            await self.send(_frame(message))

    def __aiter__(self) -> BareWebSocket:
        return self

    async def __anext__(self) -> Any:
        held = self._buffer
        while True:
            if len(held) >= 4:
                length, start = held[1], 2
                if length == 126:
                    length, start = held[2] << 8 | held[3], 4
                if len(held) >= start + length:
                    text = bytes(held[start : start + length])
                    del held[: start + length]
                    return json.loads(text)
            held += await self.receive()


def _frame(message: bytes) -> bytes:
    size, mask = len(message), os.urandom(4)
    pad = mask * (size // 4 + 1)
    masked = int.from_bytes(message, "big") ^ int.from_bytes(pad[:size], "big")
    return b"\x82\xfe" + size.to_bytes(2, "big") + mask + masked.to_bytes(size, "big")
