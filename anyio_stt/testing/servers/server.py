"""A server in this process, on loopback, that does wrong what it is told to."""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

import anyio
from anyio.abc import ByteStream, SocketAttribute, TaskGroup

from .faults import Fault
from .link import HangUp, Link

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ("FaultServer", "refused_port")

_SMALL_BUFFER = 16 * 1024


class FaultServer(ABC):
    """
    A test server for one protocol; use it with `async with`.

        async with DeepgramServer([Fault(Action.RESET, Moment.FINAL)]) as server:
            stt = DeepgramSTT(base_url=server.base_url, api_key=server.api_key)

    Args:
        faults: one for each connection in turn, `None` for none; after the last, none.
        small_buffers: whether the kernel buffers little, so that a client soon notices that
            nobody reads.
    """

    scheme = "http"

    def __init__(self, faults: Sequence[Fault | None] = (), *, small_buffers: bool = False) -> None:
        self._faults = list(faults)
        self._small = small_buffers
        self._group: TaskGroup | None = None
        self.api_key = "the-key-of-the-fault-server"
        """What clients must show."""
        self.connections: int = 0
        """How many connections were made."""
        self.struck: int = 0
        """How many faults have struck."""
        self.open: int = 0
        """How many connections are open."""
        self.port: int = 0
        """Where it listens; set before the block is entered, it is asked for."""

    @abstractmethod
    async def serve(self, link: Link) -> None:
        """Speak with one client until it or the server is done."""

    @property
    def base_url(self) -> str:
        """The `base_url` for an engine."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._listener = await anyio.create_tcp_listener(
            local_host="127.0.0.1", local_port=self.port, backlog=4096
        )
        raw = self._listener.extra(SocketAttribute.raw_socket)
        if self._small:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
        self.port = self._listener.extra(SocketAttribute.local_port)
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._group.start_soon(self._listen, name="fault server")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._group is not None
        self._group.cancel_scope.cancel()
        await self._group.__aexit__(None, None, None)
        with anyio.move_on_after(1, shield=True):
            await self._listener.aclose()

    async def _listen(self) -> None:
        await self._listener.serve(self._visit)

    async def _visit(self, stream: ByteStream) -> None:
        index, self.connections = self.connections, self.connections + 1
        fault = self._faults[index] if index < len(self._faults) else None
        link = Link(stream, fault, self._count_strike)
        self.open += 1
        try:
            await self.serve(link)
        except (HangUp, anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # clients come and go
        finally:
            self.open -= 1
            with anyio.move_on_after(1, shield=True):
                await stream.aclose()

    def _count_strike(self) -> None:
        self.struck += 1


@contextmanager
def refused_port() -> Iterator[int]:
    """Reserve a port on loopback at which every connection is refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
