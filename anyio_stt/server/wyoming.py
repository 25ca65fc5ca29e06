"""Wyoming over TCP or a unix socket."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version

import anyio
from anyio.abc import ByteStream, SocketAttribute, SocketListener, SocketStream

from ..stt import STT
from ..wire.server_session import ClientError, Command
from ..wire.session import Message
from ..wire.wyoming_events import WyomingDecoder
from ..wire.wyoming_server import WyomingServerSession, info
from .announcing import announced_as_wyoming
from .limits import BusyError
from .live import LiveConnection
from .peer import PeerGone
from .service import Service, logger

__all__ = ("serve_wyoming",)

_OWNER = "wyoming"
_MAX_READ = 64 * 1024
_GARBAGE = (ValueError, TypeError, LookupError, RecursionError)


@asynccontextmanager
async def serve_wyoming(
    service: Service, listening: socket.socket, *, announced: bool = False
) -> AsyncGenerator[None, None]:
    """
    Serve for the time of the block.

    Args:
        service: the engines and bounds.
        listening: where clients come.
        announced: whether the network is told by mDNS.
    """
    listener = await SocketListener.from_socket(listening)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, _Visits(service).visit)
        async with announced_as_wyoming(listening if announced else None):
            logger.info("Wyoming at %s", listener.extra(SocketAttribute.local_address))
            yield
        tasks.cancel_scope.cancel()


class _Visits:
    """Meets clients; one utterance after the other, on each connection."""

    def __init__(self, service: Service) -> None:
        self._service = service
        names = [(name, service.models.find(name).stt.label) for name in service.models.names]
        self._described = info(names, version("anyio-stt"), ["en"])

    async def visit(self, stream: SocketStream) -> None:
        service = self._service
        link = _Link(stream, service.options.send_timeout)
        try:
            service.check_open()
            async with service.limits.place(_OWNER):
                while not link.gone:
                    await _WyomingConnection(service, link, self._described).run()
        except BusyError as exc:
            await self._refuse(link, exc)
        finally:
            with anyio.move_on_after(1, shield=True):
                await stream.aclose()

    async def _refuse(self, link: _Link, error: ClientError) -> None:
        session = WyomingServerSession(self._described)
        with anyio.move_on_after(self._service.options.send_timeout):
            for message in session.failed(str(error)):
                try:
                    await link.send(message)
                except PeerGone:
                    return


class _Link:
    """A client's connection."""

    def __init__(self, stream: ByteStream, send_timeout: float) -> None:
        self._stream = stream
        self._send_timeout = send_timeout
        self._decoder = WyomingDecoder()
        self.session: WyomingServerSession | None = None
        self.gone = False

    async def receive(self) -> Iterable[Command]:
        assert self.session is not None
        try:
            while (event := self._decoder.next()) is None:
                try:
                    self._decoder.feed(await self._stream.receive(_MAX_READ))
                except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                    self.gone = True
                    raise PeerGone from None
            return self.session.hear(*event)
        except ClientError:
            raise
        except _GARBAGE as exc:
            raise ClientError(f"this is no event: {exc}") from exc

    async def send(self, message: Message) -> None:
        data = message.encode() if isinstance(message, str) else message
        try:
            await self._stream.send(data)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            self.gone = True
            raise PeerGone from None

    async def close(self, code: int, reason: str) -> None:  # noqa: ARG002
        """Hang up; after a whole utterance another one may follow."""
        if code != 1000:
            self.gone = True
            await self._stream.send_eof()


class _WyomingConnection(LiveConnection):
    def __init__(self, service: Service, link: _Link, described: object) -> None:
        session = WyomingServerSession(described)  # type: ignore[arg-type]
        link.session = session
        super().__init__(service, link, session, apart=False, protocol="wyoming")
        self._wyoming = session

    def find_engine(self) -> STT:
        return self._service.models.find(self._wyoming.model).stt
