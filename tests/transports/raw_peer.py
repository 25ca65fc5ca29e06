"""A websocket whose peer sends what bytes it likes, without a network."""

from __future__ import annotations

from collections import deque

import anyio
from anyio.abc import ByteStream
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request
from wsproto.frame_protocol import FrameProtocol

from anyio_stt.transports.address import Address
from anyio_stt.transports.websocket import WebSocket, WebSocketOptions

ADDRESS = Address("ws", "peer.example", 80, "/v1")


class Pipe(ByteStream):
    """Gives what the peer says, piece by piece, and keeps what it is told."""

    def __init__(self, said: list[bytes], *, broken: bool = False) -> None:
        self._said = deque(said)
        self._broken = broken
        self.told = bytearray()
        self.closed = False

    async def receive(self, max_bytes: int = 65536) -> bytes:
        await anyio.lowlevel.checkpoint()
        if not self._said:
            raise anyio.EndOfStream
        return self._said.popleft()

    async def send(self, item: bytes) -> None:
        await anyio.lowlevel.checkpoint()
        if self._broken:
            raise anyio.BrokenResourceError
        self.told += item

    async def send_eof(self) -> None:
        await anyio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        self.closed = True
        await anyio.lowlevel.checkpoint()

    def frames(self) -> list[tuple[str, object]]:
        """What the peer was told: the kind of each frame, and what it holds."""
        reader = FrameProtocol(client=False, extensions=[])
        reader.receive_bytes(bytes(self.told))
        return [(frame.opcode.name, frame.payload) for frame in reader.received_frames()]


def open_websocket(
    *said: bytes, options: WebSocketOptions | None = None, broken: bool = False
) -> tuple[WebSocket, Pipe]:
    """Return a websocket after its handshake, and its pipe."""
    client, server = WSConnection(ConnectionType.CLIENT), WSConnection(ConnectionType.SERVER)
    server.receive_data(client.send(Request(host="peer.example", target="/v1")))
    list(server.events())
    client.receive_data(server.send(AcceptConnection()))
    list(client.events())
    pipe = Pipe(list(said), broken=broken)
    return WebSocket(pipe, client, ADDRESS, options or WebSocketOptions()), pipe


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0) -> bytes:
    """Write a frame as a server does, or as none may."""
    size = len(payload)
    length = bytes((size,)) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    return bytes((fin << 7 | reserved << 4 | opcode,)) + length + payload


TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def close(code: int, reason: bytes = b"") -> bytes:
    """Write a close."""
    return frame(CLOSE, code.to_bytes(2, "big") + reason)
