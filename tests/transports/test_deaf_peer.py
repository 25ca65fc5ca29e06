"""A peer that stops reading, as a bare socket, so that no event loop reads on its behalf."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio import to_thread

pytest.importorskip("wsproto")

from anyio_stt.exceptions import APITimeoutError
from anyio_stt.transports.address import Address
from anyio_stt.transports.websocket import WebSocketOptions
from anyio_stt.transports.websocket_opening import connect_websocket

pytestmark = pytest.mark.real_time

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def _shake_hands(listener: socket.socket) -> socket.socket:
    peer, _ = listener.accept()
    peer.settimeout(5)
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += peer.recv(4096)
    key = next(line for line in asked.split(b"\r\n") if line.lower().startswith(b"sec-websocket-k"))
    digest = hashlib.sha1(key.partition(b":")[2].strip() + _GUID).digest()
    peer.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )
    return peer


@asynccontextmanager
async def deaf_peer() -> AsyncIterator[Address]:
    """Accept one websocket, in a thread, and read nothing after its handshake."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        peers: list[socket.socket] = []

        async def accept() -> None:
            peers.append(await to_thread.run_sync(_shake_hands, listener))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(accept)
            yield Address("ws", "127.0.0.1", listener.getsockname()[1], "/")
        for peer in peers:
            peer.close()


async def test_a_send_to_a_peer_that_reads_nothing_misses_its_deadline_on_every_loop() -> None:
    sent = 0
    with anyio.fail_after(10):
        async with deaf_peer() as address:
            options = WebSocketOptions(send_timeout=0.5, close_timeout=0.5)
            with pytest.raises(APITimeoutError, match="stopped reading"):
                async with connect_websocket(address, options=options) as websocket:
                    while sent < 1000:
                        await websocket.send(b"\0" * 100_000)
                        sent += 1
    # What the kernel holds for both ends is a few megabytes; beyond it nothing was buffered.
    assert sent < 200
