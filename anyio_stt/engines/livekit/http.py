"""The HTTP session that plugins ask LiveKit for, where no job of LiveKit's has one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from . import theirs

__all__ = ("PluginSession", "watch_sockets")

# 1000 is said when all is done, 1001 when a side goes away, 1005 stands for no code.
_POLITE = frozenset({None, 1000, 1001, 1005})

_lost: ContextVar[list[int]] = ContextVar("anyio_stt_lost_sockets")


@contextmanager
def watch_sockets() -> Iterator[list[int]]:
    """
    Give the codes with which websockets were lost that were opened by tasks begun in the block.

    Many plugins take a connection that is lost after the last audio for the goodbye they wait
    for, and end as if all had been said.
    """
    lost: list[int] = []
    token = _lost.set(lost)
    try:
        yield lost
    finally:
        _lost.reset(token)


class PluginSession:
    """An aiohttp session for one plugin on one event loop, made when it is first asked for."""

    def __init__(self) -> None:
        self._session: Any = None

    @contextmanager
    def bound(self) -> Iterator[None]:
        """Give plugins this session inside of the block, and in tasks that are begun there."""
        if theirs.http_session.get(None) is not None:  # a job's, or the user's own
            yield
            return
        token = theirs.http_session.set(self._get)
        try:
            yield
        finally:
            theirs.http_session.reset(token)

    async def aclose(self) -> None:
        """Close the session, if there is one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _get(self) -> Any:
        if self._session is None or self._session.closed:
            self._session = _make_session()
        return self._session


def _make_session() -> Any:
    import aiohttp  # LiveKit needs it; imported when a plugin does

    class WatchedSocket(aiohttp.ClientWebSocketResponse):
        """Notes how it was lost, for whoever watches the stream that opened it."""

        _taken_leave = False

        async def receive(self, *args: Any, **kwargs: Any) -> Any:
            message = await super().receive(*args, **kwargs)
            over = message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
            code = self.close_code
            if message.type is aiohttp.WSMsgType.CLOSE:
                # Of a close without a code it is 0 here, while `close_code` says 1006.
                over, self._taken_leave, code = True, True, message.data or None
            elif self._taken_leave:
                return message
            if over and code not in _POLITE:
                _lost.get([]).append(code or 0)
            return message

    # Each stream holds a connection, and how many there may be is for the caller to say.
    connector = aiohttp.TCPConnector(limit=0)
    return aiohttp.ClientSession(connector=connector, ws_response_class=WatchedSocket)
