"""A websocket of ours against peers that behave, and peers that do not."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSListener
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    Request,
    TextMessage,
)

from anyio_stt import APIConnectionError, APIStatusError, APITimeoutError
from anyio_stt.testing import assert_no_leaks
from anyio_stt.transports.address import Address
from anyio_stt.transports.websocket import WebSocket, WebSocketOptions
from anyio_stt.transports.websocket_opening import connect_websocket

pytestmark = pytest.mark.real_time

SHORT = WebSocketOptions(
    connect_timeout=1.5,  # short to wait for, long enough for a busy machine
    send_timeout=0.5,
    close_timeout=0.3,
    ping_interval=0.1,
    ping_timeout=1.0,
)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Peer:
    """The server's end, step by step."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.socket = WSConnection(ConnectionType.SERVER)
        self.request: Request | None = None

    async def accept(self) -> None:
        event = await self.next()
        assert isinstance(event, Request)
        self.request = event
        await self.send(AcceptConnection())

    async def send(self, event: Event) -> None:
        await self.stream.send(self.socket.send(event))

    async def next(self) -> Event:
        while True:
            for event in self.socket.events():
                return event
            self.socket.receive_data(await self.stream.receive())


@pytest.fixture
def deaf_peers(anyio_backend: tuple[str, dict[str, object]]) -> None:
    if anyio_backend[1].get("use_uvloop"):
        pytest.skip(
            "anyio on uvloop reads for a peer that does not: test_deaf_peer has one it cannot reach"
        )


Script = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def peer(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Address]:
    async def serve(stream: ByteStream) -> None:
        async with stream:
            with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                await script(Peer(stream))

    tcp = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = tcp.extra(SocketAttribute.local_port)
    listener = TLSListener(tcp, tls, standard_compatible=False) if tls else tcp
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        yield Address(
            "wss" if tls else "ws", "localhost" if tls else "127.0.0.1", port, "/v1", "k=v"
        )
        tasks.cancel_scope.cancel()


async def echo(peer: Peer) -> None:
    await peer.accept()
    while True:
        event = await peer.next()
        if isinstance(event, CloseConnection):
            await peer.send(event.response())
            return
        assert isinstance(event, (TextMessage, BytesMessage))
        await peer.send(event)


async def deaf(peer: Peer) -> None:
    await peer.accept()
    await anyio.sleep_forever()


async def flood(address: Address, options: WebSocketOptions) -> None:
    async with connect_websocket(address, options=options) as socket:
        while True:
            await socket.send(b"\0" * 1_000_000)


async def test_messages_go_both_ways_and_both_ends_say_goodbye() -> None:
    with anyio.fail_after(5):
        async with (
            assert_no_leaks(),
            peer(echo) as address,
            connect_websocket(address) as socket,
        ):
            for message in ("text", b"\0binary", "ü" * 100_000, b"x" * 1_000_000, "", b""):
                await socket.send(message)
                assert await socket.receive() == message


async def test_the_request_names_host_path_query_and_headers_and_offers_no_compression() -> None:
    seen: list[Request] = []

    async def script(peer: Peer) -> None:
        await peer.accept()
        assert peer.request is not None
        seen.append(peer.request)

    with anyio.fail_after(5):
        async with (
            peer(script) as address,
            connect_websocket(address, headers=[("Authorization", "Token K")]) as socket,
        ):
            with pytest.raises(APIConnectionError):
                await socket.receive()
    assert seen[0].target == "/v1?k=v"
    assert seen[0].host == f"127.0.0.1:{address.port}"
    assert (b"authorization", b"Token K") in seen[0].extra_headers
    assert seen[0].extensions == []


async def test_a_peer_that_stops_reading_fails_the_send_in_time(deaf_peers: None) -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks(), peer(deaf) as address:
            with pytest.raises(APITimeoutError, match="stopped reading"):
                await flood(address, SHORT)


async def test_cancelling_a_send_to_a_peer_that_stopped_reading_leaves_at_once(
    deaf_peers: None,
) -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks(), peer(deaf) as address:
            began = anyio.current_time()
            with anyio.move_on_after(0.3) as scope:
                async with connect_websocket(address) as socket:
                    while True:
                        await socket.send(b"\0" * 1_000_000)
            assert scope.cancelled_caught
            assert anyio.current_time() - began < 4.0


async def test_after_a_send_was_cut_short_the_socket_says_so(deaf_peers: None) -> None:
    with anyio.fail_after(5):
        async with peer(deaf) as address, connect_websocket(address) as socket:
            with anyio.move_on_after(0.1):
                while True:
                    await socket.send(b"\0" * 1_000_000)
            with pytest.raises(APIConnectionError, match="cut short"):
                await socket.send("more")


async def test_closing_does_not_wait_for_a_peer_that_never_answers() -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks(), peer(deaf) as address:
            began = anyio.current_time()
            async with connect_websocket(address, options=SHORT):
                pass
            assert 0.25 < anyio.current_time() - began < 4.0


async def test_a_peer_that_answers_no_ping_is_lost() -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks(), peer(deaf) as address:
            with pytest.raises(APITimeoutError, match="half open"):
                async with connect_websocket(address, options=SHORT) as socket:
                    await socket.receive()


async def test_a_peer_that_answers_pings_may_be_silent_and_its_pongs_are_told() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        for _ in range(3):
            event = await peer.next()
            assert isinstance(event, Ping)
            await peer.send(event.response())
        await peer.send(TextMessage("at last"))
        await peer.next()

    pongs = 0

    def count() -> None:
        nonlocal pongs
        pongs += 1

    with anyio.fail_after(5):
        async with peer(script) as address, connect_websocket(address, options=SHORT) as socket:
            socket.on_pong = count
            assert await socket.receive() == "at last"
    assert pongs == 3


async def test_pings_of_the_peer_are_answered_while_receiving() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.send(Ping(b"are you?"))
        event = await peer.next()
        assert isinstance(event, Pong)
        await peer.send(TextMessage(bytes(event.payload).decode()))
        await peer.next()

    with anyio.fail_after(5):
        async with peer(script) as address, connect_websocket(address) as socket:
            assert await socket.receive() == "are you?"


async def test_a_peer_that_never_answers_the_handshake_fails_it_in_time() -> None:
    async def script(peer: Peer) -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(5):
        async with assert_no_leaks(), peer(script) as address:
            with pytest.raises(APITimeoutError, match=r"within 1\.5 s"):
                async with connect_websocket(address, options=SHORT):
                    pytest.fail("it opened")


@pytest.mark.parametrize(
    ("status", "retryable"), [(401, False), (403, False), (404, False), (429, True), (503, True)]
)
async def test_a_refusal_is_a_status_error_without_secrets(status: int, retryable: bool) -> None:
    async def script(peer: Peer) -> None:
        await peer.stream.receive()
        body = b"bad key sekrit"
        await peer.stream.send(
            b"HTTP/1.1 %d no\r\nRetry-After: 3\r\nX-Request-Id: r1\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(body), body)
        )

    with anyio.fail_after(5):
        async with peer(script) as address:
            with pytest.raises(APIStatusError) as caught:
                async with connect_websocket(
                    address, headers=[("Authorization", "Token sekrit")], secrets=["sekrit"]
                ):
                    pytest.fail("it opened")
    error = caught.value
    assert (error.status_code, error.retryable, error.retry_after) == (status, retryable, 3)
    assert error.request_id == "r1"
    assert "bad key ***" in str(error)
    assert "sekrit" not in f"{error!r}{error}{error.body}"


async def test_the_status_of_a_refusal_is_told_even_if_its_text_never_comes() -> None:
    async def script(peer: Peer) -> None:
        await peer.stream.receive()
        await peer.stream.send(b"HTTP/1.1 401 no\r\nContent-Length: 10\r\n\r\nhalf")
        await anyio.sleep_forever()

    with anyio.fail_after(5):
        async with peer(script) as address:
            with pytest.raises(APIStatusError, match="half"):
                async with connect_websocket(address):
                    pytest.fail("it opened")


@pytest.mark.parametrize("answer", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 101 yes\r\n\r\n"])
async def test_an_answer_that_is_no_websocket_is_retryable(answer: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.stream.receive()
        await peer.stream.send(answer)
        await anyio.sleep(0.1)

    with anyio.fail_after(5):
        async with peer(script) as address:
            with pytest.raises(APIConnectionError) as caught:
                async with connect_websocket(address, options=SHORT):
                    pytest.fail("it opened")
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("code", "retryable"), [(1008, False), (1011, True), (1013, True), (4401, False), (4429, True)]
)
async def test_a_close_with_a_complaint_is_an_error_by_its_code(code: int, retryable: bool) -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.send(CloseConnection(code, "because sekrit"))
        await peer.next()

    with anyio.fail_after(5):
        async with (
            peer(script) as address,
            connect_websocket(address, secrets=["sekrit"]) as socket,
        ):
            with pytest.raises(APIStatusError, match="because") as caught:
                await socket.receive()
    assert (caught.value.status_code, caught.value.retryable) == (code, retryable)
    assert "sekrit" not in str(caught.value)


async def test_a_close_without_complaint_ends_the_messages() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.send(TextMessage("last"))
        await peer.send(CloseConnection(1000))
        await peer.next()

    with anyio.fail_after(5):
        async with peer(script) as address, connect_websocket(address) as socket:
            assert await socket.receive() == "last"
            assert await socket.receive() is None
            assert await socket.receive() is None


async def test_a_lost_connection_is_retryable() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()

    with anyio.fail_after(5):
        async with peer(script) as address, connect_websocket(address) as socket:
            with pytest.raises(APIConnectionError, match="lost") as caught:
                await socket.receive()
    assert caught.value.retryable


async def test_a_message_that_is_too_big_is_refused() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.send(BytesMessage(b"x" * 2000))
        await peer.next()

    options = WebSocketOptions(max_message=1000)
    with anyio.fail_after(5):
        async with peer(script) as address, connect_websocket(address, options=options) as socket:
            with pytest.raises(APIConnectionError, match="1000 bytes"):
                await socket.receive()


async def test_a_cancelled_receive_loses_no_part_of_a_message() -> None:
    async def script(peer: Peer) -> None:
        await peer.accept()
        for number in range(200):
            await peer.send(TextMessage("a", message_finished=False))
            if number % 20 == 0:
                await anyio.sleep(0.003)
            await peer.send(TextMessage(f"{number}"))
        await peer.next()

    received: list[str | bytes | None] = []
    with anyio.fail_after(5):
        async with peer(script) as address, connect_websocket(address) as socket:
            while len(received) < 200:
                with anyio.move_on_after(0.001):
                    received.append(await socket.receive())
    assert received == [f"a{number}" for number in range(200)]


async def test_the_peer_may_compress_if_that_is_offered() -> None:
    async def script(peer: Peer) -> None:
        request = await peer.next()
        assert isinstance(request, Request)
        from wsproto.extensions import PerMessageDeflate

        await peer.send(AcceptConnection(extensions=[PerMessageDeflate()]))
        await peer.send(TextMessage("again " * 100))
        await peer.next()

    options = WebSocketOptions(compression=True)
    with anyio.fail_after(5):
        async with peer(script) as address, connect_websocket(address, options=options) as socket:
            assert await socket.receive() == "again " * 100


async def test_a_socket_shows_its_address_without_the_query() -> None:
    address = Address("wss", "h", 443, "/v1", "token=sekrit")
    socket = WebSocket(None, None, address, SHORT)  # type: ignore[arg-type]
    assert repr(socket) == "<WebSocket wss://h/v1>"
    assert "sekrit" not in f"{address!r}{address}"


class Renegotiating:
    """Wants to read before it encrypts."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def write(self, data: bytes) -> int:
        raise ssl.SSLWantReadError


async def renegotiate(socket: WebSocket, received: bool) -> None:
    """Send what cannot be encrypted yet, while somebody receives or nobody does."""
    stream: Any = socket._stream
    stream._ssl_object = Renegotiating(stream._ssl_object)
    failures = []

    async def receive() -> None:
        with suppress(APIConnectionError):
            await socket.receive()

    async with anyio.create_task_group() as tasks:
        if received:
            tasks.start_soon(receive)
            await anyio.wait_all_tasks_blocked()
        try:
            await socket.send("hello")
        except APIConnectionError as exc:
            failures.append(exc)
        tasks.cancel_scope.cancel()
    raise failures[0]


class TestTls:
    """Encrypted; the certificates are made for the test."""

    @pytest.fixture
    def contexts(self, tmp_path: Path) -> list[ssl.SSLContext]:
        trustme = pytest.importorskip("trustme")
        authority = trustme.CA()
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(server)
        path = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(path))
        return [server, ssl.create_default_context(cafile=str(path))]

    async def test_messages_go_both_ways(self, contexts: list[ssl.SSLContext]) -> None:
        server, client = contexts
        with anyio.fail_after(5):
            async with assert_no_leaks(), peer(echo, tls=server) as address:
                options = WebSocketOptions(tls=client)
                async with connect_websocket(address, options=options) as socket:
                    await socket.send("hello" * 10_000)
                    assert await socket.receive() == "hello" * 10_000

    async def test_a_peer_that_stops_reading_fails_the_send_in_time(
        self, deaf_peers: None, contexts: list[ssl.SSLContext]
    ) -> None:
        server, client = contexts
        options = WebSocketOptions(tls=client, send_timeout=0.3, close_timeout=0.2)
        with anyio.fail_after(5):
            async with assert_no_leaks(), peer(deaf, tls=server) as address:
                with pytest.raises(APITimeoutError):
                    await flood(address, options)

    @pytest.mark.parametrize("received", [False, True])
    async def test_a_send_that_has_to_read_first_ends_in_time(
        self, received: bool, contexts: list[ssl.SSLContext]
    ) -> None:
        server, client = contexts
        options = WebSocketOptions(tls=client, send_timeout=0.3, close_timeout=0.2)
        with anyio.fail_after(5):
            async with assert_no_leaks(), peer(deaf, tls=server) as address:
                with pytest.raises(
                    APIConnectionError, match="lost" if received else "read"
                ) as told:
                    async with connect_websocket(address, options=options) as socket:
                        await renegotiate(socket, received)
        assert isinstance(told.value, APITimeoutError) is not received
        assert told.value.retryable

    async def test_an_untrusted_certificate_is_final(self, contexts: list[ssl.SSLContext]) -> None:
        with anyio.fail_after(5):
            async with peer(echo, tls=contexts[0]) as address:
                with pytest.raises(APIConnectionError, match="not trusted") as caught:
                    async with connect_websocket(address):
                        pytest.fail("it opened")
        assert not caught.value.retryable
