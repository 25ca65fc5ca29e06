"""HTTP and websocket, from the server's side, on a link that a fault can strike."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import anyio
import h11
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Request,
    TextMessage,
)
from wsproto.events import (
    Message as MessageEvent,
)
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from .faults import Action, Fault, Moment
from .link import HangUp, Link, PoliteClose, Refusal
from .server import FaultServer
from .service import Message, Service, answer

__all__ = ("WebRequest", "WebResponse", "WebServer")

_FAREWELL = 1.0  # seconds for the client to hang up after a close


@dataclass(frozen=True, slots=True)
class WebRequest:
    """
    What a client asked for.

    Args:
        method: GET or POST.
        path: without the query.
        query: pairs, in order.
        headers: names in lower case.
        body: of a POST.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class WebResponse:
    """
    An answer.

    Args:
        pieces: the body, sent one after the other.
        content_type: of the body.
        status: of the answer.
    """

    pieces: tuple[bytes, ...]
    content_type: str = "application/json"
    status: int = 200


class WebServer(FaultServer):
    """A fault server for protocols over HTTP and websocket; keeps each request in `requests`."""

    def __init__(self, faults: Sequence[Fault | None] = (), *, small_buffers: bool = False) -> None:
        super().__init__(faults, small_buffers=small_buffers)
        self.requests: list[WebRequest] = []
        self.services: list[Service] = []

    key_scheme = ""
    """What stands before the key in `Authorization`; where nothing does, everybody is admitted."""

    def admits(self, request: WebRequest) -> bool:
        """Whether the request shows the right key."""
        shown = request.headers.get("authorization")
        return not self.key_scheme or shown == f"{self.key_scheme} {self.api_key}"

    @abstractmethod
    def start_service(self, request: WebRequest) -> Service:
        """Begin a conversation over a websocket."""

    def respond(self, request: WebRequest) -> WebResponse:  # noqa: ARG002
        """Answer a POST."""
        return WebResponse((b"websocket only",), "text/plain", 426)

    def bent_response(self, request: WebRequest, habit: Action | None) -> WebResponse:
        """Answer a POST as *habit* has it."""
        if habit is Action.FOREIGN:
            return WebResponse((b'{"answer": 42}',))
        return self.respond(request)

    async def serve(self, link: Link) -> None:
        """Answer requests until the client goes."""
        connection = h11.Connection(h11.SERVER)
        while True:
            request = await _read_request(link, connection)
            self.requests.append(request)
            try:
                await link.reach(Moment.OPENING)
                if not self.admits(request):
                    await _respond(link, connection, WebResponse((b"bad key",), "text/plain", 401))
                elif request.headers.get("upgrade", "").lower() == "websocket":
                    await self._converse(link, request)
                    return
                else:
                    await link.reach(Moment.DRAINING)
                    response = self.bent_response(request, link.habit)
                    link.habit = None if link.habit is Action.FOREIGN else link.habit
                    await _respond(link, connection, response)
            except Refusal as refusal:
                await _refuse(link, connection, refusal)
            except PoliteClose:
                return
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                return
            connection.start_next_cycle()

    async def _converse(self, link: Link, request: WebRequest) -> None:
        socket = WSConnection(ConnectionType.SERVER)
        headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
        query = urlencode(request.query, quote_via=quote)
        socket.initiate_upgrade_connection(headers, f"{request.path}?{query}")
        offered = next(event for event in socket.events() if isinstance(event, Request))
        extensions = [PerMessageDeflate()] if offered.extensions else []
        protocols = offered.subprotocols[:1]
        await link.send(
            socket.send(
                AcceptConnection(
                    extensions=list(extensions), subprotocol=protocols[0] if protocols else None
                )
            )
        )
        service = self.start_service(request)
        self.services.append(service)
        try:
            await _Peer(link, socket, service).run()
        except PoliteClose as close:
            fault = close.fault
            await link.send(socket.send(CloseConnection(fault.code, fault.reason)))
            with anyio.move_on_after(_FAREWELL):  # hanging up on unread bytes would take it back
                while True:
                    await link.receive()


class _Peer:
    """The server's end of one websocket."""

    def __init__(self, link: Link, socket: WSConnection, service: Service) -> None:
        self._link = link
        self._socket = socket
        self._service = service
        self._text: list[str] = []
        self._data = bytearray()

    async def run(self) -> None:
        link, service = self._link, self._service
        await link.reach(Moment.OPENED)
        service.habit = link.habit
        await answer(link, service, service.greet(), self._frame)
        while True:
            try:
                self._socket.receive_data(await link.receive())
                for event in self._socket.events():
                    await self._take(event)
            except (LocalProtocolError, RemoteProtocolError) as exc:
                raise HangUp from exc

    async def _take(self, event: object) -> None:
        if isinstance(event, Ping):
            await self._link.send(self._socket.send(event.response()))
        elif isinstance(event, CloseConnection):
            await self._link.send(self._socket.send(event.response()))
            raise HangUp
        elif isinstance(event, MessageEvent):
            message = self._collect(event)
            if message is not None:
                await self._hear(message)

    async def _hear(self, message: Message) -> None:
        service = self._service
        service.first = service.first or message
        await answer(self._link, service, service.hear(message), self._frame)
        if service.done and not self._link.mute:
            close = CloseConnection(CloseReason(service.goodbye))
            await self._link.send(self._ping() + self._socket.send(close))
            service.done = False

    def _collect(self, event: MessageEvent[Any]) -> Message | None:
        if isinstance(event, TextMessage):
            self._text.append(event.data)
        else:
            self._data += event.data
        if not event.message_finished:
            return None
        text, self._text = "".join(self._text), []
        data, self._data = bytes(self._data), bytearray()
        return text if isinstance(event, TextMessage) else data

    def _frame(self, message: Message) -> bytes:
        if isinstance(message, str):
            return self._ping() + self._socket.send(TextMessage(message))
        return self._ping() + self._socket.send(BytesMessage(message))

    def _ping(self) -> bytes:
        return self._socket.send(Ping()) if self._link.pings else b""


async def _read_request(link: Link, connection: h11.Connection) -> WebRequest:
    head: h11.Request | None = None
    body = b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await link.receive())
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _request(head, body)
        else:
            raise HangUp


def _request(head: h11.Request, body: bytes) -> WebRequest:
    parts = urlsplit(head.target.decode())
    return WebRequest(
        head.method.decode(),
        parts.path,
        parse_qsl(parts.query, keep_blank_values=True),
        {name.decode().lower(): value.decode("latin-1") for name, value in head.headers},
        body,
    )


async def _respond(
    link: Link,
    connection: h11.Connection,
    response: WebResponse,
    headers: Iterable[tuple[str, str]] = (),
) -> None:
    size = sum(len(piece) for piece in response.pieces)
    head = h11.Response(
        status_code=response.status,
        headers=[
            ("content-type", response.content_type),
            ("content-length", str(size)),
            *headers,
        ],
    )
    await _obey_silence(link)
    await link.send(connection.send(head) or b"", slow=True)
    for piece in response.pieces:
        data = connection.send(h11.Data(piece)) or b""
        await link.reach(Moment.FINAL, about=data)
        await _obey_silence(link)
        await link.send(b"{" * len(data) if link.take_garbage() else data, slow=True)
    await link.send(connection.send(h11.EndOfMessage()) or b"")


async def _obey_silence(link: Link) -> None:
    while link.mute:
        await link.receive()


async def _refuse(link: Link, connection: h11.Connection, refusal: Refusal) -> None:
    fault = refusal.fault
    headers = [("retry-after", fault.retry_after)] if fault.retry_after is not None else []
    text = WebResponse((fault.reason.encode(),), "text/plain", fault.status)
    await _respond(link, connection, text, headers)
