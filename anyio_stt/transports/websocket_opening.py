"""Opening a websocket for a block."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
from wsproto import ConnectionType, WSConnection

from ..exceptions import APITimeoutError
from .address import Address
from .dialling import dial
from .endpoint import USER_AGENT, Endpoint
from .hanging_up import hang_up
from .redaction import without_secrets
from .websocket import WebSocket, WebSocketOptions
from .websocket_handshake import shake_hands

__all__ = ("connect_websocket", "open_websocket")

_PING = 20.0  # seconds of silence after which a peer is asked whether it is there


@asynccontextmanager
async def connect_websocket(
    address: Address,
    *,
    headers: Sequence[tuple[str, str]] = (),
    secrets: Sequence[str] = (),
    options: WebSocketOptions | None = None,
) -> AsyncIterator[WebSocket]:
    """
    Open a websocket for the block. Leaving it closes in order; failing or cancelling disconnects at
    once.

    Args:
        address: where to.
        headers: of the handshake.
        secrets: never shown in an error.
        options: deadlines and bounds.

    Raises:
        APITimeoutError: when it takes longer than `connect_timeout`.
        APIStatusError: when the peer answers with another status than 101.
        APIConnectionError: when it cannot be reached or is lost.
    """
    options = options or WebSocketOptions()
    socket = await _open(address, headers, secrets, options)
    try:
        yield socket
        await socket.aclose()
    finally:
        await socket.abort()


@asynccontextmanager
async def open_websocket(
    endpoint: Endpoint,
    query: Sequence[tuple[str, str]],
    timeout: float,
    *,
    idle_timeout: float = math.inf,
) -> AsyncIterator[WebSocket]:
    """
    Open a websocket at a provider's service; no error that leaves the block shows a secret.

    Args:
        endpoint: the service, with its credentials.
        query: pairs to encode.
        timeout: seconds for the key, for connecting, and for each send.
        idle_timeout: the longest silence of the peer in seconds; it is pinged before that.

    Raises:
        APIError: like `connect_websocket`, and when there is no key in time.
    """
    ping = min(_PING, idle_timeout / 3)
    options = WebSocketOptions(connect_timeout=timeout, send_timeout=timeout, ping_interval=ping)
    with without_secrets(lambda: endpoint.secrets(query)):
        address = endpoint.websocket(query)
        async with connect_websocket(
            address,
            headers=await endpoint.authorize(timeout),
            secrets=endpoint.secrets(query),
            options=options,
        ) as socket:
            yield socket


async def _open(
    address: Address,
    headers: Sequence[tuple[str, str]],
    secrets: Sequence[str],
    options: WebSocketOptions,
) -> WebSocket:
    with anyio.move_on_after(options.connect_timeout):
        stream = await dial(address, tls=options.tls, send_timeout=options.send_timeout)
        connection = WSConnection(ConnectionType.CLIENT)
        try:
            events = await shake_hands(
                stream, connection, address, [USER_AGENT, *headers], secrets, options.compression
            )
        except BaseException:
            await hang_up(stream)
            raise
        return WebSocket(stream, connection, address, options, secrets, events)
    raise APITimeoutError(
        f"{address} did not open a websocket within {options.connect_timeout:g} s "
        f"(connect_timeout); is it the right address?"
    )
