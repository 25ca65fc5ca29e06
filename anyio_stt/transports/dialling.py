"""From an address to a stream of bytes: proxy, TCP, TLS."""

from __future__ import annotations

import math
import ssl

import anyio
import h11
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream

from ..exceptions import APIConnectionError
from .address import Address
from .hanging_up import hang_up
from .proxies import Proxy, proxy_for, unsupported_proxy
from .redaction import excerpt
from .socket_stream import SocketStream
from .statuses import status_error
from .tls import system_tls

__all__ = ("dial",)

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


def _no_way(address: Address, proxy: Proxy | None, exc: BaseException) -> APIConnectionError:
    via = f" through the proxy {proxy}" if proxy else ""
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


async def _through(proxy: Proxy, address: Address, send_timeout: float) -> ByteStream:
    if proxy.scheme not in ("http", "https"):
        raise unsupported_proxy(proxy, address)
    stream = await _connect(proxy.host, proxy.port, send_timeout)
    try:
        if proxy.scheme == "https":
            where = Address("https", proxy.host, proxy.port, "/")
            stream = await _encrypt(stream, where, None, send_timeout)
        await _ask_for_tunnel(stream, proxy, address)
    except BaseException:
        await hang_up(stream)
        raise
    return stream


async def _ask_for_tunnel(stream: ByteStream, proxy: Proxy, address: Address) -> None:
    host = f"[{address.host}]" if ":" in address.host else address.host
    target = f"{host}:{address.port}"
    headers = [("host", target)]
    if proxy.authorization:
        headers.append(("proxy-authorization", proxy.authorization))
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_ANSWER)
    request = h11.Request(method="CONNECT", target=target, headers=headers)
    await stream.send(connection.send(request) or b"")
    response = await _answer(stream, connection, proxy, address)
    if not 200 <= response.status_code < 300:
        status = status_error(f"the proxy {proxy}", response.status_code)
        raise APIConnectionError(
            f"{status.message}, asked for {target}",
            retryable=status.retryable and response.status_code != 407,
        )


async def _answer(
    stream: ByteStream, connection: h11.Connection, proxy: Proxy, address: Address
) -> h11.Response:
    while True:
        why = ""
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as exc:  # its text may hold what was sent to the proxy
            why = excerpt(str(exc), proxy.secrets)
        if why:
            raise APIConnectionError(f"the proxy for {address} does not speak HTTP: {why}")
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive())
