"""Servers that say to whoever connects what a test wants, whatever they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.abc import ByteStream, SocketAttribute
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

__all__ = ("http_peer", "raw_peer", "websocket_peer")

_GONE = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


@asynccontextmanager
async def raw_peer(data: bytes, *, after: bytes = b"") -> AsyncIterator[int]:
    """Say *data* once *after* was heard, and nothing else; the block gets the port."""

    async def serve(stream: ByteStream) -> None:
        heard = b""
        while after not in heard:
            heard += await stream.receive()
        await stream.send(data)
        while True:
            await stream.receive()

    async with _listening(serve) as port:
        yield port


@asynccontextmanager
async def http_peer(answer: bytes) -> AsyncIterator[int]:
    """Answer a request with these bytes, and hang up."""

    async def serve(stream: ByteStream) -> None:
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += await stream.receive()
        await stream.send(answer)

    async with _listening(serve) as port:
        yield port


@asynccontextmanager
async def websocket_peer(messages: Sequence[str]) -> AsyncIterator[int]:
    """Say these messages after the handshake, answer pings and the close."""

    async def serve(stream: ByteStream) -> None:
        socket = WSConnection(ConnectionType.SERVER)
        while True:
            socket.receive_data(await stream.receive())
            for event in socket.events():
                if isinstance(event, Request):
                    await stream.send(socket.send(AcceptConnection()))
                    for message in messages:
                        await stream.send(socket.send(TextMessage(message)))
                elif isinstance(event, (Ping, CloseConnection)):
                    await stream.send(socket.send(event.response()))

    async with _listening(serve) as port:
        yield port


@asynccontextmanager
async def _listening(serve) -> AsyncIterator[int]:  # type: ignore[no-untyped-def]
    async def visit(stream: ByteStream) -> None:
        async with stream:
            with suppress(*_GONE):
                await serve(stream)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, visit)
        yield listener.extra(SocketAttribute.local_port)
        tasks.cancel_scope.cancel()
