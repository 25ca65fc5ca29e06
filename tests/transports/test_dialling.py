"""Through a proxy that the environment names."""

from __future__ import annotations

from urllib.parse import urlsplit

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute

from anyio_stt import APIConnectionError
from anyio_stt.testing import assert_no_leaks
from anyio_stt.transports.address import Address
from anyio_stt.transports.dialling import dial
from anyio_stt.transports.hanging_up import hang_up
from anyio_stt.transports.proxies import proxy_for

FAR = Address("wss", "far.example", 443, "/")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_environment_names_the_proxy_by_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxy_for(FAR) is None
    monkeypatch.setenv("https_proxy", "http://secure:1")
    monkeypatch.setenv("all_proxy", "any:2")
    secure, plain = proxy_for(FAR), proxy_for(Address("ws", "far.example", 80, "/"))
    assert secure is not None
    assert plain is not None
    assert (secure.host, secure.port, plain.host, plain.port) == ("secure", 1, "any", 2)
    monkeypatch.setenv("no_proxy", ".example")
    assert proxy_for(FAR) is None


@pytest.mark.parametrize("password", ["hunter2#x", "a/b", "a@b:c", "a%20b", "p?q=1"])
def test_a_proxys_password_may_hold_what_separates_parts_of_an_address(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://user:{password}@proxy.example:3128")
    proxy = proxy_for(FAR)
    assert proxy is not None
    assert (proxy.host, proxy.port, proxy.username) == ("proxy.example", 3128, "user")
    assert proxy.password == password.replace("%20", " ")
    assert password not in f"{proxy} {proxy!r}"
    assert urlsplit(proxy.url).hostname == "proxy.example"
    assert proxy.password in proxy.secrets


@pytest.mark.parametrize("setting", ["http://user:hunter2@", "http://user:hunter2@h:port"])
def test_a_proxy_that_cannot_be_read_is_told_without_its_password(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", setting)
    with pytest.raises(APIConnectionError, match="http://name:password@host:port") as caught:
        proxy_for(FAR)
    assert "hunter2" not in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.real_time
async def test_a_tunnel_is_asked_for_with_the_proxys_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = b""

    async def proxy(stream: ByteStream) -> None:
        nonlocal asked
        async with stream:
            asked = await stream.receive()
            await stream.send(b"HTTP/1.1 200 go on\r\n\r\n")
            await stream.send((await stream.receive()).upper())

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    monkeypatch.setenv("http_proxy", f"http://me:s%40krit@127.0.0.1:{port}")
    with anyio.fail_after(5):
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, proxy)
            stream = await dial(Address("ws", "far.example", 8000, "/"))
            await stream.send(b"hello")
            assert await stream.receive() == b"HELLO"
            await hang_up(stream)
            tasks.cancel_scope.cancel()
    assert asked.startswith(b"CONNECT far.example:8000 HTTP/1.1\r\n")
    assert b"Basic bWU6c0Brcml0" in asked


@pytest.mark.real_time
@pytest.mark.parametrize(("status", "retryable"), [(407, False), (403, False), (502, True)])
async def test_a_proxy_that_refuses_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, status: int, retryable: bool
) -> None:
    async def proxy(stream: ByteStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 %d no\r\n\r\n" % status)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    monkeypatch.setenv("http_proxy", f"http://me:sekrit@127.0.0.1:{port}")
    with anyio.fail_after(5):
        async with assert_no_leaks(), listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, proxy)
            with pytest.raises(APIConnectionError, match=f"proxy 127.0.0.1:{port}") as caught:
                await dial(Address("ws", "far.example", 80, "/"))
            tasks.cancel_scope.cancel()
    assert caught.value.retryable is retryable
    assert "sekrit" not in str(caught.value)


@pytest.mark.any_clock
async def test_a_proxy_of_another_kind_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1080")
    with pytest.raises(APIConnectionError, match="only HTTP proxies") as caught:
        await dial(FAR)
    assert not caught.value.retryable
