"""Whatever bytes a peer sends: messages, an answer or an `APIError`, in time and bounded memory."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import APIError
from anyio_stt.transports.address import Address
from anyio_stt.transports.http import HttpTransport, Upload
from anyio_stt.transports.websocket import WebSocketOptions
from anyio_stt.transports.websocket_opening import connect_websocket
from tests.fuzzing import CASES, many, mutated
from tests.transports.raw_peer import BINARY, CONTINUATION, PING, TEXT, close, frame, open_websocket
from tests.transports.test_websocket_violations import VIOLATIONS

SAID = [
    frame(TEXT, b'{"type": "Results"}'),
    frame(BINARY, bytes(300)),
    frame(TEXT, b"a", fin=False) + frame(PING, b"?") + frame(CONTINUATION, b"b"),
    close(1000, b"bye"),
    close(1011),
    *(data for data, _ in VIOLATIONS.values()),
]
BODY = json.dumps({"text": "a", "words": [{"word": "a", "start": 0, "end": 1}]}).encode()
ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    % (len(BODY), BODY),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n\x1f\x8b\x08\x00abc",
    b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno",
    b"HTTP/1.1 302 Found\r\nLocation: /v2\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX: y\r\n\r\n",
]


@pytest.mark.heavy
@many
@given(st.lists(st.sampled_from(SAID), max_size=4), st.integers())
async def test_garbled_frames_are_messages_or_an_api_error(said: list[bytes], seed: int) -> None:
    data, size = mutated(b"".join(said), random.Random(seed)), 1 + seed % 50
    pieces = [data[first : first + size] for first in range(0, len(data), size)]
    socket, _ = open_websocket(*pieces)
    try:
        while await socket.receive() is not None:
            pass
    except APIError as exc:
        assert len(str(exc)) < 2000  # noqa: PT017 - some are none


@asynccontextmanager
async def peer(rng: random.Random) -> AsyncIterator[Address]:
    """Answer each request with something garbled, and hang up."""

    async def serve(stream: ByteStream) -> None:
        async with stream:
            try:
                heard = b""
                while b"\r\n\r\n" not in heard:
                    heard += await stream.receive()
                await stream.send(mutated(rng.choice(ANSWERS), rng))
                await stream.send_eof()
                with anyio.move_on_after(1):
                    while True:
                        await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                return

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", backlog=512)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        yield Address("http", "127.0.0.1", listener.extra(SocketAttribute.local_port), "/v1")
        tasks.cancel_scope.cancel()


@pytest.mark.heavy
@pytest.mark.real_time
@pytest.mark.timeout(7200)
# A body that cannot be decoded leaves a generator of httpx2's own, which trio tells of.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_garbled_answers_are_an_answer_or_an_api_error(kind: str) -> None:
    """HTTP, and the handshake of a websocket, over real sockets."""
    rng = random.Random(1)
    options = WebSocketOptions(connect_timeout=2, close_timeout=0.1)
    http = HttpTransport()
    async with peer(rng) as address:
        for _ in range(CASES):
            try:
                if kind == "http":
                    await http.post(address, Upload(b"x"), timeout=2)
                else:
                    where = Address("ws", address.host, address.port, "/v1")
                    async with connect_websocket(where, options=options) as socket:
                        await socket.receive()
            except APIError as exc:
                assert len(str(exc)) < 3000  # noqa: PT017 - some are none
        await http.aclose()
