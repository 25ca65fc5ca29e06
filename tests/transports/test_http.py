"""HTTP of ours: one answer or one error, in time."""

from __future__ import annotations

import gc
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute

from anyio_stt import APIConnectionError, APIStatusError, APITimeoutError
from anyio_stt.testing import assert_no_leaks
from anyio_stt.testing.servers import refused_port
from anyio_stt.transports.address import Address
from anyio_stt.transports.credentials import Credentials
from anyio_stt.transports.http import HttpTransport, Upload, wav_upload

pytestmark = pytest.mark.real_time

Script = Callable[[ByteStream], Awaitable[None]]


@asynccontextmanager
async def server(script: Script) -> AsyncIterator[Address]:
    async def serve(stream: ByteStream) -> None:
        async with stream:
            await script(stream)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        port = listener.extra(SocketAttribute.local_port)
        yield Address("http", "127.0.0.1", port, "/v1", "k=v")
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def transport(**options: object) -> AsyncIterator[HttpTransport]:
    http = HttpTransport(**options)  # type: ignore[arg-type]
    try:
        yield http
    finally:
        await http.aclose()


async def read_all(stream: ByteStream, size: int) -> bytes:
    data = b""
    while len(data.partition(b"\r\n\r\n")[2]) < size:
        data += await stream.receive()
    return data


def answer(body: bytes, status: int = 200, more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n%b\r\n" % (status, len(body), more)
    return head + body


async def test_a_body_goes_out_whole_and_the_answer_comes_back() -> None:
    seen = b""

    async def script(stream: ByteStream) -> None:
        nonlocal seen
        seen = await read_all(stream, 200_000)
        await stream.send(answer(b"yes"))

    with anyio.fail_after(5):
        async with (
            assert_no_leaks(),
            server(script) as address,
            transport(credentials=Credentials("K", "X", scheme="Token")) as http,
        ):
            upload = Upload(bytes(range(250)) * 800, "audio/x")
            assert (await http.post(address, upload, timeout=3)).body == b"yes"
    head, _, body = seen.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1?k=v HTTP/1.1\r\n")
    for line in (b"authorization: token k", b"content-type: audio/x", b"content-length: 200000"):
        assert line in head.lower()
    assert body == upload.content


async def test_a_form_carries_its_fields_and_a_wav_file() -> None:
    seen = b""

    async def script(stream: ByteStream) -> None:
        nonlocal seen
        seen = await read_all(stream, 500)
        await stream.send(answer(b"{}"))

    upload = wav_upload(b"\1\0" * 100, 8000, 1, [("a[]", "1"), ("a[]", "2"), ("model", "m")])
    with anyio.fail_after(5):
        async with server(script) as address, transport() as http:
            await http.post(address, upload, timeout=3)
    assert seen.count(b'name="a[]"') == 2
    assert b'filename="audio.wav"' in seen
    assert b"RIFF\xec\x00\x00\x00WAVEfmt " in seen


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(301, False), (401, False), (403, False), (408, True), (422, False), (429, True), (503, True)],
)
async def test_a_status_decides_whether_to_try_again(status: int, retryable: bool) -> None:
    async def script(stream: ByteStream) -> None:
        await stream.receive()
        await stream.send(answer(b"your key sekrit", status, b"Retry-After: 12\r\n"))

    with anyio.fail_after(5):
        async with (
            server(script) as address,
            transport(credentials=Credentials("sekrit", "X")) as http,
        ):
            with pytest.raises(APIStatusError, match="your key") as caught:
                await http.post(address, Upload(b"x"), timeout=3)
    error = caught.value
    assert (error.status_code, error.retryable, error.retry_after) == (status, retryable, 12)
    assert "sekrit" not in f"{error!r}{error}{error.body}{http!r}"


async def test_a_server_that_never_answers_fails_in_time() -> None:
    async def script(stream: ByteStream) -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(5):
        async with assert_no_leaks(), server(script) as address, transport() as http:
            with pytest.raises(APITimeoutError):
                await http.post(address, Upload(b"x"), timeout=0.2)


async def test_a_body_that_trickles_does_not_outlast_the_deadline() -> None:
    async def script(stream: ByteStream) -> None:
        await stream.receive()
        await stream.send(b"HTTP/1.1 200 x\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await stream.send(b"x")
            await anyio.sleep(0.05)

    with anyio.fail_after(5):
        async with server(script) as address, transport() as http:
            with pytest.raises(APITimeoutError, match="in full"):
                await http.post(address, Upload(b"x"), timeout=0.3)


@pytest.mark.parametrize(
    "said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nx"]
)
async def test_an_answer_that_breaks_off_is_retryable(said: bytes) -> None:
    async def script(stream: ByteStream) -> None:
        await stream.receive()
        if said:
            await stream.send(said)

    with anyio.fail_after(5):
        async with server(script) as address, transport() as http:
            with pytest.raises(APIConnectionError) as caught:
                await http.post(address, Upload(b"x"), timeout=3)
    assert caught.value.retryable
    assert str(address) in str(caught.value)


async def test_a_refused_connection_is_retryable() -> None:
    with refused_port() as port, anyio.fail_after(5):
        async with transport() as http:
            with pytest.raises(APIConnectionError, match="cannot be reached") as caught:
                await http.post(Address("http", "127.0.0.1", port, "/"), Upload(b"x"), timeout=3)
    assert caught.value.retryable


async def test_cancelling_a_request_leaves_nothing() -> None:
    async def script(stream: ByteStream) -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(5):
        async with assert_no_leaks(), server(script) as address, transport() as http:
            with anyio.move_on_after(0.1) as scope:
                await http.post(address, Upload(b"x" * 1_000_000), timeout=3)
            assert scope.cancelled_caught


class KeptOpen(BaseHTTPRequestHandler):
    """Answers on one connection for as long as the client likes."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "3")
        self.end_headers()
        self.wfile.write(b"yes")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # nobody closed the first loop's
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_one_engine_serves_event_loops_one_after_the_other(backend: str) -> None:
    peer = ThreadingHTTPServer(("127.0.0.1", 0), KeptOpen)
    thread = threading.Thread(target=peer.serve_forever, daemon=True)
    thread.start()
    http, address = HttpTransport(), Address("http", "127.0.0.1", peer.server_port, "/")

    async def ask() -> bytes:
        for _ in range(2):  # the second on the connection of the first
            said = await http.post(address, Upload(b"x"), timeout=5)  # noqa: F821 - see `del`
        return said.body

    assert [anyio.run(ask, backend=backend) for _ in range(3)] == [b"yes"] * 3
    del http
    gc.collect()  # what nobody closed complains here and in no other test
    peer.shutdown()
    peer.server_close()
    thread.join()


async def test_what_a_peer_says_wrong_is_quoted_in_part_and_without_the_key() -> None:
    key = "sk-a-key-that-is-not-short"

    async def script(stream: ByteStream) -> None:
        await stream.receive()
        await stream.send(b"x" * 450 + key.encode() * 900 + b"\r\n\r\n")

    with anyio.fail_after(5):
        async with (
            server(script) as address,
            transport(credentials=Credentials(key, "X", scheme="Token")) as http,
        ):
            with pytest.raises(APIConnectionError, match="broke the HTTP protocol") as caught:
                await http.post(address, Upload(b"x"), timeout=3)
    assert len(str(caught.value)) < 1000
    assert key[:8] not in str(caught.value)
