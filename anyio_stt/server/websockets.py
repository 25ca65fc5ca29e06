"""Websockets: Deepgram's streams, OpenAI's Realtime sessions, and Vosk's server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

import anyio
from starlette.types import Receive, Scope, Send

from ..stream import RecognizeStream
from ..stt import STT
from ..wire.deepgram_server import DeepgramServerSession
from ..wire.openai_realtime_server import RealtimeServerSession
from ..wire.server_session import ClientError, Command, ServerSession
from ..wire.session import Message
from ..wire.vosk_server import VoskServerSession
from .deepgram_rest import query_of, wall_time
from .errors import error_for, told_error
from .live import LiveConnection
from .peer import PeerGone
from .requests import IGNORED
from .service import Service, logger

__all__ = ("WebSockets", "refuse_socket")

_ECHOED = ("token", "bearer", "realtime")  # what browsers offer beside a key
_MAX_REASON = 120  # bytes; a close frame has room for 123


class _Socket:
    """A client's websocket."""

    def __init__(self, receive: Receive, send: Send, session: ServerSession) -> None:
        self._receive = receive
        self._send = send
        self._session = session

    async def receive(self) -> Iterable[Command]:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise PeerGone
        data = message.get("bytes")
        return self._session.receive(message["text"] if data is None else data)

    async def send(self, message: Message) -> None:
        kind = "text" if isinstance(message, str) else "bytes"
        await self._put({"type": "websocket.send", kind: message})

    async def close(self, code: int, reason: str) -> None:
        short = reason.encode()[:_MAX_REASON].decode(errors="ignore")
        await self._put({"type": "websocket.close", "code": code, "reason": short})

    async def _put(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except Exception as exc:
            # OSError is what ASGI has for a client that has gone; hypercorn raises its own too,
            # where the client broke the protocol.
            raise PeerGone from exc


class _DeepgramConnection(LiveConnection):
    def __init__(
        self, service: Service, socket: _Socket, session: DeepgramServerSession, stt: STT
    ) -> None:
        super().__init__(service, socket, session, apart=session.multichannel, protocol="deepgram")
        self._deepgram = session
        self._stt = stt

    def find_engine(self) -> STT:
        return self._stt

    async def looked(self, stream: RecognizeStream) -> None:
        if self._deepgram.progress:
            await self._say((self._deepgram.heard_until(stream.statistics().delivered),))


class _RealtimeConnection(LiveConnection):
    def __init__(self, service: Service, socket: _Socket, session: RealtimeServerSession) -> None:
        super().__init__(service, socket, session, apart=False, protocol="realtime")
        self._realtime = session

    def find_engine(self) -> STT:
        return self._service.models.find(self._realtime.settings.model).stt


class _VoskConnection(LiveConnection):
    def __init__(self, service: Service, socket: _Socket, session: VoskServerSession) -> None:
        super().__init__(service, socket, session, apart=False, protocol="vosk")

    def find_engine(self) -> STT:
        return self._service.models.find(None).stt


def _has_gone(error: BaseException) -> bool:
    """Whether *error*, or all of a group's, is that the peer does not listen any more."""
    inner = getattr(error, "exceptions", None)
    return isinstance(error, PeerGone) if inner is None else all(map(_has_gone, inner))


class WebSockets:
    """
    Opens websockets for their protocols.

    Args:
        service: the engines and bounds.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one."""
        await receive()  # "websocket.connect"
        offered = scope.get("subprotocols") or ()
        accept: dict[str, Any] = {"type": "websocket.accept", "headers": []}
        accept["subprotocol"] = next((each for each in offered if each.lower() in _ECHOED), None)
        try:
            self._service.check_open()
            async with self._service.limits.place(scope["state"]["owner"]):
                connection = self._connect(scope, receive, send, accept)
                if not await self._accept(send, accept):
                    return
                self._service.metrics.answered(scope["path"], 101)
                await connection.run()
        except ClientError as exc:
            await refuse_socket(exc, scope, send)
        except Exception as exc:
            if not _has_gone(exc):
                raise
            logger.info("a client has gone: %s", scope["path"])

    async def _accept(self, send: Send, accept: dict[str, Any]) -> bool:
        try:
            with anyio.fail_after(self._service.options.send_timeout):
                await send(accept)
        except Exception as exc:  # noqa: BLE001 - the client has gone, or broke the protocol
            logger.info("a websocket could not be opened: %s", exc)
            return False
        return True

    def _connect(
        self, scope: Scope, receive: Receive, send: Send, accept: dict[str, Any]
    ) -> LiveConnection:
        service = self._service
        query = query_of(scope["query_string"].decode("latin-1"))
        match scope["path"]:
            case "/v1/listen":
                return self._listen(query, receive, send, accept)
            case "/v1/realtime":
                session = RealtimeServerSession(f"sess_{uuid4().hex}", service.models.choice)
                return _RealtimeConnection(service, _Socket(receive, send, session), session)
            case "/" | "/vosk":
                vosk = VoskServerSession()
                return _VoskConnection(service, _Socket(receive, send, vosk), vosk)
        raise ClientError("there is no websocket at this path", status=404)

    def _listen(
        self,
        query: Mapping[str, list[str]],
        receive: Receive,
        send: Send,
        accept: dict[str, Any],
    ) -> LiveConnection:
        service = self._service
        model = service.models.find(next(iter(query.get("model", ())), None))
        request_id = str(uuid4())
        session = DeepgramServerSession(
            query, request_id=request_id, created=wall_time(), model=model.name
        )
        model.check_language(session.language)
        accept["headers"] = [(b"dg-request-id", request_id.encode())]
        if session.ignored:
            accept["headers"].append((IGNORED.encode(), ", ".join(session.ignored).encode()))
        stt = model.channels if session.multichannel else model.stt
        return _DeepgramConnection(service, _Socket(receive, send, session), session, stt)


async def refuse_socket(error: Exception, scope: Scope, send: Send) -> None:
    """Answer the opening of a websocket with an error, in the words of its protocol."""
    response = error_for(scope["path"])(error)
    status, message, _ = told_error(error)
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        reason = f"{status} {message}"[:_MAX_REASON]
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    start = {"status": response.status_code, "headers": response.raw_headers}
    await send({"type": "websocket.http.response.start", **start})
    await send({"type": "websocket.http.response.body", "body": response.body})
