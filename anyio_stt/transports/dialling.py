"""From an address to a stream of bytes: proxy, TCP, TLS."""

from __future__ import annotations

import base64
import math
import ssl
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio
import h11
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream

from ..exceptions import APIConnectionError
from .address import Address
from .hanging_up import hang_up
from .socket_stream import SocketStream
from .statuses import status_error
from .tls import system_tls

__all__ = ("dial", "proxy_for", "unsupported_proxy")

_MAX_ANSWER = 64 * 1024


async def dial(
    address: Address, *, tls: ssl.SSLContext | None = None, send_timeout: float = math.inf
) -> ByteStream:
    """
    Connect to *address*, through the proxy that the environment names for it.

    The caller sets the deadline. Cancelled or failed, it leaves no socket.

    Args:
        address: where to.
        tls: for a secure address; the system's certificates if there is none.
        send_timeout: seconds that each send may take; longer is a `TimeoutError`.

    Raises:
        APIConnectionError: final when a certificate or a proxy setting is wrong, retryable when
            the way there failed.
    """
    proxy = proxy_for(address)
    try:
        stream = await (
            _connect(address.host, address.port, send_timeout)
            if proxy is None
            else _through(proxy, address, send_timeout)
        )
        return stream if not address.secure else await _encrypt(stream, address, tls, send_timeout)
    except (OSError, anyio.BrokenResourceError, anyio.EndOfStream) as exc:
        raise _no_way(address, proxy, exc) from exc


def proxy_for(address: Address) -> SplitResult | None:
    """Return the proxy from `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, if any."""
    proxies = getproxies()
    url = proxies.get("https" if address.secure else "http") or proxies.get("all")
    if not url or proxy_bypass(f"{address.host}:{address.port}") or proxy_bypass(address.host):
        return None
    return urlsplit(url if "://" in url else f"http://{url}")


def unsupported_proxy(proxy: SplitResult, address: Address) -> APIConnectionError:
    """Make the error for a proxy of a kind that is not spoken here; what it is stays wrong."""
    return APIConnectionError(
        f"the environment names a {proxy.scheme} proxy for {address}; only HTTP proxies are "
        f"supported: set no_proxy={address.host}, or an http:// proxy",
        retryable=False,
    )


def _no_way(address: Address, proxy: SplitResult | None, exc: BaseException) -> APIConnectionError:
    via = f" through the proxy {proxy.hostname}:{proxy.port}" if proxy else ""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return APIConnectionError(
            f"the certificate of {address} is not trusted: {exc.verify_message}", retryable=False
        )
    return APIConnectionError(f"cannot connect to {address}{via}: {str(exc) or type(exc).__name__}")


async def _connect(host: str, port: int, send_timeout: float) -> ByteStream:
    return await SocketStream.take_over(await anyio.connect_tcp(host, port), send_timeout)


class _EncryptedStream(TLSStream):
    """
    Bounds a send as a whole: encrypted, it may have to read first.

    Reading may have to send first, too. Where the other way is taken already, the connection is
    broken, and can be replaced.
    """

    send_timeout = math.inf

    async def send(self, item: bytes) -> None:
        try:
            with anyio.fail_after(self.send_timeout):
                await super().send(item)
        except anyio.BusyResourceError as exc:
            raise anyio.BrokenResourceError from exc

    async def receive(self, max_bytes: int = 65536) -> bytes:
        try:
            return await super().receive(max_bytes)
        except anyio.BusyResourceError as exc:
            raise anyio.BrokenResourceError from exc


async def _encrypt(
    stream: ByteStream, address: Address, tls: ssl.SSLContext | None, send_timeout: float
) -> ByteStream:
    try:
        # Websockets and HTTP say themselves where they end, so a missing TLS farewell is no
        # attack, and waiting for it would be a wait without need.
        encrypted = await _EncryptedStream.wrap(
            stream,
            hostname=address.host,
            ssl_context=tls or await system_tls(),
            server_side=False,
            standard_compatible=False,
        )
        assert isinstance(encrypted, _EncryptedStream)
        encrypted.send_timeout = send_timeout
        return encrypted
    except BaseException:
        await hang_up(stream)
        raise


async def _through(proxy: SplitResult, address: Address, send_timeout: float) -> ByteStream:
    if proxy.scheme not in ("http", "https"):
        raise unsupported_proxy(proxy, address)
    default = 443 if proxy.scheme == "https" else 80
    stream = await _connect(proxy.hostname or "", proxy.port or default, send_timeout)
    try:
        if proxy.scheme == "https":
            where = Address("https", proxy.hostname or "", proxy.port or default, "/")
            stream = await _encrypt(stream, where, None, send_timeout)
        await _ask_for_tunnel(stream, proxy, address)
    except BaseException:
        await hang_up(stream)
        raise
    return stream


async def _ask_for_tunnel(stream: ByteStream, proxy: SplitResult, address: Address) -> None:
    host = f"[{address.host}]" if ":" in address.host else address.host
    target = f"{host}:{address.port}"
    headers = [("host", target)]
    if proxy.username:
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        headers.append(("proxy-authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_ANSWER)
    request = h11.Request(method="CONNECT", target=target, headers=headers)
    await stream.send(connection.send(request) or b"")
    response = await _answer(stream, connection, address)
    if not 200 <= response.status_code < 300:
        status = status_error(f"the proxy {proxy.hostname}:{proxy.port}", response.status_code)
        raise APIConnectionError(
            f"{status.message}, asked for {target}",
            retryable=status.retryable and response.status_code != 407,
        )


async def _answer(stream: ByteStream, connection: h11.Connection, address: Address) -> h11.Response:
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as exc:
            raise APIConnectionError(f"the proxy for {address} does not speak HTTP: {exc}") from exc
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive())
