"""Wyoming on TCP or a unix socket."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import anyio
from anyio.abc import ByteStream, SocketAttribute

from ..exceptions import APIConnectionError, APITimeoutError
from ..wire.wyoming_events import WyomingDecoder
from .hanging_up import hang_up
from .socket_stream import SocketStream

__all__ = ("WyomingConnection", "connect_wyoming")

# How the kernel notices a machine that is gone, and an unread backlog becomes a slow send: the
# protocol's own ping is answered by few servers, the reference one among those that do not.
_KEEP_ALIVE = 10  # seconds without a byte until the kernel asks, and between questions
_QUESTIONS = 3
_LOST = 30  # seconds in which what was sent must be acknowledged
_UNSENT = 64 * 1024  # bytes that the kernel may hold for us: two seconds of speech


class WyomingConnection:
    """
    A connection to a Wyoming server. One task may receive; one may send.

    Args:
        stream: the bytes; a send that takes too long raises `TimeoutError`.
        where: how errors call the server.
        send_timeout: how many seconds that is; longer means the peer has stopped reading.
    """

    def __init__(self, stream: ByteStream, where: str, send_timeout: float) -> None:
        self._stream = stream
        self._where = where
        self._send_timeout = send_timeout
        self._decoder = WyomingDecoder()
        self.on_pong: Callable[[], None] | None = None

    async def send(self, message: str | bytes) -> None:
        """
        Send one encoded event.

        Raises:
            APITimeoutError: when the peer does not read it within `send_timeout`.
            APIConnectionError: when the connection is lost.
        """
        data = message.encode() if isinstance(message, str) else message
        try:
            await self._stream.send(data)
        except TimeoutError as exc:
            raise APITimeoutError(
                f"{self._where} did not read an event within {self._send_timeout:g} s: it has "
                f"stopped reading"
            ) from exc
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as exc:
            raise APIConnectionError(f"the connection to {self._where} was lost") from exc

    async def receive(self) -> str | None:
        """
        Return the next event as JSON, or `None` when the peer hung up; payloads are dropped.

        The wait ends when the kernel finds the peer gone, within a minute. It has no deadline of
        its own: a server owes nothing until the audio has ended, then `drain_timeout` counts.

        Raises:
            APIConnectionError: when the connection is lost, or the bytes are no event.
        """
        while True:
            event = self._next()
            if event is not None:
                return json.dumps(event[0])
            try:
                self._decoder.feed(await self._stream.receive())
            except anyio.EndOfStream:
                return None
            except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as exc:
                raise APIConnectionError(f"the connection to {self._where} was lost") from exc

    def _next(self) -> tuple[dict[str, Any], bytes] | None:
        try:
            return self._decoder.next()
        except ValueError as exc:
            why = str(exc)
        raise APIConnectionError(
            f"{self._where} answered {self._decoder.seen!r}, which is not an event of Wyoming's "
            f"protocol ({why}): is base_url the address of such a server?"
        )


@asynccontextmanager
async def connect_wyoming(url: str, timeout: float) -> AsyncIterator[WyomingConnection]:
    """
    Connect for the block.

    Args:
        url: `tcp://host:port` or `unix:///path`.
        timeout: seconds for connecting, and for each send.

    Raises:
        APITimeoutError: when connecting takes longer.
        APIConnectionError: when nobody listens there.
    """
    stream = await _dial(url, timeout)
    try:
        _watch_over(stream)
        yield WyomingConnection(stream, url, timeout)
    finally:
        await hang_up(stream)


async def _dial(url: str, timeout: float) -> ByteStream:
    parts = urlsplit(url)
    with anyio.move_on_after(timeout):
        try:
            if parts.scheme == "unix":
                stream: ByteStream = await anyio.connect_unix(parts.path)
            else:
                stream = await anyio.connect_tcp(parts.hostname or "", parts.port or 0)
            return await SocketStream.take_over(stream, timeout)
        except OSError as exc:
            raise APIConnectionError(f"cannot connect to {url}: {exc}") from exc
    raise APITimeoutError(f"{url} could not be reached within {timeout:g} s")


def _watch_over(stream: ByteStream) -> None:
    raw = stream.extra(SocketAttribute.raw_socket)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNSENT)
    if raw.family == getattr(socket, "AF_UNIX", None):
        return  # the kernel knows at once when its other end is gone
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", _KEEP_ALIVE),
        ("TCP_KEEPINTVL", _KEEP_ALIVE),
        ("TCP_KEEPCNT", _QUESTIONS),
        ("TCP_USER_TIMEOUT", _LOST * 1000),
    ):
        if hasattr(socket, name):  # each system has some of them
            raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
