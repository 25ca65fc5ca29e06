"""One connection must not end the others."""

from __future__ import annotations

import logging
from typing import Any

__all__ = ("guard_connections",)

logger: logging.Logger = logging.getLogger("anyio_stt.server")


def guard_connections(backend: str) -> None:
    """
    Keep what one connection raises from ending hypercorn.

    Under trio its connections share a nursery with the server itself, and a few bytes out of
    order make it raise (a frame before a websocket is accepted does): anybody could end it.
    Under asyncio each connection is a task of its own.

    hypercorn has no hook there: its configuration names no class of connections, and what is
    raised is raised below the ASGI application, where no wrapper of that sees it. So the name by
    which its trio worker makes connections is bound to a subclass, and nothing else is touched.
    """
    if backend != "trio":
        return
    from hypercorn.trio import run, tcp_server

    server: Any = run
    if getattr(server, "TCPServer", None) is not tcp_server.TCPServer:
        if not getattr(server, "guarded", False):
            logger.warning("one connection may end the others: this hypercorn is not known")
        return

    class GuardedServer(tcp_server.TCPServer):
        async def run(self) -> None:
            try:
                await super().run()
            except Exception as exc:  # noqa: BLE001 - whatever it is, it is this connection's
                logger.info("a connection was given up: %s", _leaf(exc))

    server.TCPServer, server.guarded = GuardedServer, True


def _leaf(error: BaseException) -> BaseException:
    while (inner := getattr(error, "exceptions", None)) is not None:
        error = inner[0]
    return error
