"""Opening a websocket for a block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
from wsproto import ConnectionType, WSConnection

from ..exceptions import APITimeoutError
from .address import Address
from .dialling import dial
from .endpoint import Endpoint
from .hanging_up import hang_up
from .websocket import WebSocket, WebSocketOptions
from .websocket_handshake import shake_hands

__all__ = ("connect_websocket", "open_websocket")


@asynccontextmanager
async def connect_websocket(
    address: Address,
    *,
    headers: Sequence[tuple[str, str]] = (),
    secrets: Sequence[str] = (),
    options: WebSocketOptions | None = None,
) -> AsyncIterator[WebSocket]:
    """
    Open a websocket for the block: leaving it closes politely, failing or cancelling it at once.

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


def open_websocket(
    endpoint: Endpoint, query: Sequence[tuple[str, str]], timeout: float
) -> AbstractAsyncContextManager[WebSocket]:
    """Open a websocket at a provider's service; connecting and each send may take *timeout*."""
    return connect_websocket(
        endpoint.websocket(query),
        headers=endpoint.headers,
        secrets=endpoint.secrets,
        options=WebSocketOptions(connect_timeout=timeout, send_timeout=timeout),
    )


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
                stream, connection, address, headers, secrets, options.compression
            )
        except BaseException:
            await hang_up(stream)
            raise
        return WebSocket(stream, connection, address, options, secrets, events)
    raise APITimeoutError(
        f"{address} did not open a websocket within {options.connect_timeout:g} s "
        f"(connect_timeout); is it the right address?"
    )
