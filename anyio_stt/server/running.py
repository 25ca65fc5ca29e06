"""A server in this process, until a signal ends it."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import Any

import anyio
from hypercorn.config import Config

from ..stt import STT
from ..vad import VAD
from .app import Application
from .guarding import guard_connections
from .models import Models
from .service import Service, logger
from .settings import Settings, check_settings
from .sockets import listen_tcp, listen_unix
from .wyoming import serve_wyoming

__all__ = ("listen", "run", "serve")

_MAX_MESSAGE = 16 * 1024 * 1024  # bytes of one websocket message: OpenAI allows 15 MiB of audio
_GRACE = 2.0  # seconds after the drain


def listen(settings: Settings) -> list[socket.socket]:
    """
    Open what *settings* name: a socket for HTTP, and one for Wyoming.

    With several workers each opens its own, on the same port: the system spreads connections
    over them, which it does not over processes that share a socket.

    Raises:
        SettingsError: when that is not possible.
    """
    check_settings(settings)
    give_up = settings.options.send_timeout
    shared = settings.workers > 1
    sockets = [listen_tcp(settings.host, settings.port, give_up=give_up, shared=shared)]
    if settings.wyoming is not None:
        scheme, _, where = settings.wyoming.partition("://")
        host, _, port = where.rpartition(":")
        if scheme == "unix":
            sockets.append(listen_unix(where))
        else:
            sockets.append(listen_tcp(host.strip("[]"), int(port), give_up=give_up, shared=shared))
    return sockets


def run(settings: Settings, engines: Mapping[str, STT], vad: VAD | None = None) -> int:
    """
    Serve until SIGTERM or SIGINT, finish what is open, and return 0.

    Args:
        settings: where and how.
        engines: by the names that clients ask for; they are closed at the end.
        vad: cuts audio for engines that recognise whole recordings only.

    Raises:
        SettingsError: when it cannot be started like this.
        APIError: what an engine failed with while it was warmed up.
    """
    anyio.run(serve, settings, engines, vad, backend=settings.backend)
    return 0


async def serve(
    settings: Settings,
    engines: Mapping[str, STT],
    vad: VAD | None = None,
    *,
    stop: anyio.Event | None = None,
) -> None:
    """
    Serve until *stop* is set, or SIGTERM or SIGINT come where it is `None`; see `run`.

    Do not cancel it: hypercorn under asyncio then leaves its connections behind.
    """
    sockets = [socket.socket(fileno=number) for number in settings.descriptors]
    sockets = sockets or listen(settings)
    service = Service(Models(engines, vad=vad), settings.options, worker=settings.worker)

    @asynccontextmanager
    async def running() -> AsyncGenerator[None, None]:
        async with AsyncExitStack() as stack:
            for stt in engines.values():
                await stack.enter_async_context(stt)
            await stack.enter_async_context(service.running(warm_up=settings.warm_up))
            if sockets[1:]:
                announced = settings.announce and settings.worker == "0"
                wyoming = serve_wyoming(service, sockets[1], announced=announced)
                await stack.enter_async_context(wyoming)
            yield

    _say_where(sockets[0], settings)
    guard_connections(settings.backend)
    hypercorn: Any = import_module(f"hypercorn.{settings.backend}")
    app = Application(service, running)
    config = _configure(settings, sockets[0].detach())
    try:
        await hypercorn.serve(app, config, shutdown_trigger=_ending(service, stop, settings))
    except Exception:
        if app.failure is not None:
            raise app.failure from None
        raise


def _say_where(listener: socket.socket, settings: Settings) -> None:
    host, port = listener.getsockname()[:2]
    scheme = "http" if settings.tls is None else "https"
    name = f"[{host}]" if ":" in host else host
    logger.info("serving at %s://%s:%d", scheme, name, port)


def _configure(settings: Settings, descriptor: int) -> Config:
    options = settings.options
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.backlog = 1024
    config.alpn_protocols = ["http/1.1"]
    config.websocket_max_message_size = _MAX_MESSAGE
    config.keep_alive_timeout = options.client_timeout
    config.graceful_timeout = options.drain_timeout + options.send_timeout + _GRACE
    config.shutdown_timeout = options.drain_timeout + options.send_timeout + _GRACE
    config.include_server_header = False
    config.errorlog = logger
    if settings.tls is not None:
        config.certfile, config.keyfile = settings.tls
    return config


def _ending(service: Service, stop: anyio.Event | None, settings: Settings) -> Callable[[], Any]:
    async def wait() -> None:
        if stop is not None:
            await stop.wait()
        else:
            await _wait_told(supervised=bool(settings.descriptors))
        service.drain()

    return wait


async def _wait_told(*, supervised: bool) -> None:
    async with anyio.create_task_group() as tasks:
        if supervised:
            tasks.start_soon(_wait_supervisor, tasks.cancel_scope)
        await _wait_signal()
        tasks.cancel_scope.cancel()


async def _wait_supervisor(told: anyio.CancelScope) -> None:
    """Wait for the end of who started this worker: it holds a pipe open, and writes nothing."""
    await anyio.wait_readable(sys.stdin.fileno())
    logger.error("the process that started this worker is gone: no more streams are taken")
    told.cancel()


async def _wait_signal() -> None:
    if sys.platform == "win32":  # asyncio has no signal handlers there
        await anyio.sleep_forever()
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            logger.info("%s: no more streams are taken", number.name)
            return
