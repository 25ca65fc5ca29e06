"""
A websocket over anyio streams, on every event loop; every wait has a deadline.

wsproto does the protocol: it does no input or output, needs only h11, runs on every supported
Python, and does not clash with the versions of `websockets` that other clients pin.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio.abc import ByteStream
from wsproto import WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    BytesMessage,
    CloseConnection,
    Event,
    Message,
    Ping,
    Pong,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError

from ..exceptions import APIConnectionError, APITimeoutError
from .address import Address
from .hanging_up import hang_up
from .redaction import redacted_message
from .websocket_errors import ABNORMAL, CLEAN, close_error
from .websocket_events import Violation, events_of
from .websocket_frames import client_frame, masks
from .websocket_messages import MessageAssembly

__all__ = ("WebSocket", "WebSocketOptions")


@dataclass(frozen=True, slots=True)
class WebSocketOptions:
    """
    Deadlines in seconds, and bounds.

    Args:
        connect_timeout: for name, proxy, TCP, TLS and handshake together.
        send_timeout: for one message; longer means the peer has stopped reading.
        close_timeout: for the peer's answer to our close.
        ping_interval: silence of the peer after which it is pinged.
        ping_timeout: further silence after which it counts as lost. Any byte is an answer.
        max_message: bytes a message of the peer may have; each piece of one counts a little more.
        compression: whether to offer permessage-deflate; audio gains nothing by it.
        tls: certificates; the system's if there is none.
    """

    connect_timeout: float = 10.0
    send_timeout: float = 10.0
    close_timeout: float = 2.0
    ping_interval: float = 20.0
    ping_timeout: float = 20.0
    max_message: int = 16 * 1024 * 1024
    compression: bool = False
    tls: ssl.SSLContext | None = field(default=None, repr=False)


class WebSocket:
    """
    An open websocket. One task may receive; any may send.

    A cancelled `receive` loses nothing. A cancelled `send` may have sent half a message, so the
    socket cannot be used any more: every further call raises.
    """

    def __init__(
        self,
        stream: ByteStream,
        connection: WSConnection,
        address: Address,
        options: WebSocketOptions,
        secrets: Sequence[str] = (),
        events: Sequence[Event] = (),
    ) -> None:
        self._stream = stream
        self._connection = connection
        self._address = address
        self._options = options
        self._secrets = tuple(secrets)
        self._events = deque(events)
        self._assembly = MessageAssembly(options.max_message)
        self._masks = masks()
        # One for each message: a semaphore does not ask who holds it, a lock does.
        self._turn = anyio.Semaphore(1, fast_acquire=True)
        self._cut = False
        self._closed: CloseConnection | None = None
        self._violation: Violation | None = None
        self.on_pong: Callable[[], None] | None = None
        """Called for each answer to a ping: a sign of life that is no message."""

    def __repr__(self) -> str:
        return f"<WebSocket {self._address}>"

    async def send(self, message: str | bytes) -> None:
        """
        Send one message; a checkpoint only if the kernel has no room for it.

        Raises:
            APITimeoutError: when the peer does not read it within `send_timeout`.
            APIConnectionError: when the connection is lost, closed, or a send was cut short.
        """
        await self._write(message)

    async def receive(self) -> str | bytes | None:
        """
        Return the next message, or `None` when the peer closed in order.

        Raises:
            APITimeoutError: when the peer answers no ping.
            APIStatusError: when it closed with an error; `status_code` is the close code.
            APIConnectionError: when it is lost or breaks the protocol.
        """
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, Message):
                    message = self._collect(event)
                    if message is not None:
                        return self._hide(message)
                else:
                    await self._answer(event)
            if self._closed is not None:
                self._check(self._closed)
                return None
            if self._violation is not None:
                raise await self._complain(self._violation)
            self._take(await self._read_or_ping())

    async def aclose(self) -> None:
        """Send a close, wait up to `close_timeout` for the peer's, then disconnect."""
        try:
            with anyio.move_on_after(self._options.close_timeout), suppress(APIConnectionError):
                if not self._cut and self._closed is None:
                    await self._write(CloseConnection(1000))
                    while self._closed is None:
                        await self._skip()
        finally:
            await self.abort()

    async def abort(self) -> None:
        """Disconnect at once."""
        self._cut = True
        await hang_up(self._stream)

    # ---- out

    async def _write(self, what: Event | str | bytes) -> None:
        try:
            self._turn.acquire_nowait()
        except anyio.WouldBlock:
            await self._turn.acquire()
        try:
            await self._write_in_turn(what)
        finally:
            self._turn.release()

    async def _write_in_turn(self, what: Event | str | bytes) -> None:
        if self._cut:
            raise APIConnectionError(
                f"the connection to {self._address} cannot be used any more: a send was cut short"
            )
        try:
            data = self._encode(what)
        except LocalProtocolError as exc:
            raise self._lost("is closing") from exc
        self._cut = True
        try:
            await self._stream.send(data)
        except TimeoutError as exc:
            raise APITimeoutError(
                f"{self._address} did not read a message within {self._options.send_timeout:g} s "
                f"(send_timeout): it has stopped reading"
            ) from exc
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as exc:
            raise self._lost() from exc
        self._cut = False

    def _encode(self, what: Event | str | bytes) -> bytes:
        if not isinstance(what, (str, bytes)):
            return self._connection.send(what)
        if self._options.compression:
            return self._connection.send(
                TextMessage(what) if isinstance(what, str) else BytesMessage(what)
            )
        if self._connection.state is not ConnectionState.OPEN:
            raise LocalProtocolError("a message on a connection that is closing")
        return client_frame(what, next(self._masks))

    # ---- in

    def _collect(self, event: Message[Any]) -> str | bytes | None:
        try:
            return self._assembly.add(event)
        except OverflowError as exc:
            raise APIConnectionError(f"{self._address} {exc}", retryable=False) from None

    def _hide(self, message: str | bytes) -> str | bytes:
        """Blot out what is secret, should the peer repeat it: errors quote what it says."""
        return message if isinstance(message, bytes) else redacted_message(message, self._secrets)

    async def _answer(self, event: Event) -> None:
        if isinstance(event, Ping):
            # A peer that has closed already wants no answer, and one that is gone gets none: what
            # it said before is still to be read.
            if self._connection.state is ConnectionState.OPEN:
                with suppress(APIConnectionError):
                    await self._write(event.response())
        elif isinstance(event, Violation):
            self._violation = event
        elif isinstance(event, Pong):
            if self.on_pong is not None:
                self.on_pong()
        elif isinstance(event, CloseConnection):
            self._closed = event
            with suppress(APIConnectionError):  # it may not wait for our answer
                await self._write(event.response())

    def _check(self, close: CloseConnection) -> None:
        code = int(close.code)
        if code not in CLEAN:
            raise close_error(self._address, code, close.reason or "", self._secrets)

    async def _read_or_ping(self) -> bytes:
        with anyio.move_on_after(self._options.ping_interval):
            return await self._read()
        await self._write(Ping(b"still there?"))
        with anyio.move_on_after(self._options.ping_timeout):
            return await self._read()
        silence = self._options.ping_interval + self._options.ping_timeout
        raise APITimeoutError(
            f"{self._address} sent nothing for {silence:g} s and answered no ping "
            f"(ping_interval, ping_timeout): the connection is half open"
        )

    async def _read(self) -> bytes:
        try:
            return await self._stream.receive()
        except anyio.EndOfStream:
            raise self._lost() from None
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as exc:
            raise self._lost() from exc

    async def _complain(self, violation: Violation) -> APIConnectionError:
        """Tell the peer that it broke the protocol, and make the error."""
        if self._connection.state is ConnectionState.OPEN:
            with suppress(APIConnectionError):
                await self._write(CloseConnection(violation.code))
        return APIConnectionError(
            f"{self._address} broke the websocket protocol ({violation.code}): {violation.reason}"
        )

    def _take(self, data: bytes) -> None:
        self._events.extend(events_of(self._connection, data))

    async def _skip(self) -> None:
        """Receive without looking, until the close."""
        while self._events:
            event = self._events.popleft()
            if isinstance(event, CloseConnection):
                self._closed = event
            elif isinstance(event, Violation):
                self._closed = CloseConnection(event.code)
        if self._closed is None:
            self._take(await self._read())

    def _lost(self, why: str = "") -> APIConnectionError:
        if why:
            return APIConnectionError(f"the connection to {self._address} {why}")
        error = close_error(self._address, ABNORMAL)
        assert isinstance(error, APIConnectionError)
        return error
