"""The server as an ASGI application."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from .access import Access, AccessError
from .deepgram_rest import DeepgramEndpoints
from .errors import deepgram_error, error_for, openai_error, whisper_error
from .exchange import Exchange
from .openai_rest import OpenAIEndpoints
from .pages import page_routes
from .requests import Endpoint
from .service import Service
from .websockets import WebSockets, refuse_socket

__all__ = ("Application",)

logger: logging.Logger = logging.getLogger("anyio_stt.server")

_STRANGERS = 1 << 20, 5.0  # bytes, and seconds, that are read of who may not come in


class Application:
    """
    Answers requests and websockets.

    Args:
        service: the engines and bounds.
        running: a block inside of which the server runs; the service's own by default.
    """

    def __init__(
        self,
        service: Service,
        running: Callable[[], AbstractAsyncContextManager[Any]] | None = None,
    ) -> None:
        self._service = service
        self._running = running or service.running
        self._access = Access(service.options)
        self.failure: Exception | None = None
        """Why the server could not start."""
        self._router = Router(self._routes())
        self._sockets = WebSockets(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        try:
            owner = self._access.admit(
                scope["path"] if scope["type"] == "http" else None,
                headers,
                scope.get("subprotocols", ()),
            )
        except AccessError as exc:
            await self._refuse(exc, scope, receive, send)
            return
        scope.setdefault("state", {})["owner"] = owner
        try:
            if scope["type"] == "websocket":
                await self._sockets(scope, receive, send)
            else:
                options = self._service.options
                most, timeout = 2 * options.max_body, options.client_timeout
                exchange = Exchange(receive, send, most=most, timeout=timeout)
                await self._router(scope, exchange.receive, exchange.send)
        finally:
            self._service.discard(receive)

    async def _refuse(self, error: AccessError, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await refuse_socket(error, scope, send)
            return
        most, timeout = _STRANGERS
        exchange = Exchange(receive, send, most=most, timeout=timeout)
        response = error_for(scope["path"])(error)
        if error.status == 401:
            response.headers["www-authenticate"] = "Bearer"
        await response(scope, exchange.receive, exchange.send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self._running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as exc:
            if not self._service.draining:
                self.failure = exc
                await send({"type": "lifespan.startup.failed", "message": str(exc)})
                return
            logger.exception("the server ended with an error")
            await send({"type": "lifespan.shutdown.failed", "message": str(exc)})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    def _routes(self) -> list[Route]:
        service = self._service
        openai, deepgram = OpenAIEndpoints(service), DeepgramEndpoints(service)

        def post(path: str, protocol: str, handle: Any, error: Any) -> Route:
            return Route(path, Endpoint(service, protocol, handle, error), methods=["POST"])

        return [
            post("/v1/audio/transcriptions", "openai", openai.transcriptions, openai_error),
            post("/inference", "whisper.cpp", openai.inference, whisper_error),
            post("/v1/listen", "deepgram", deepgram.listen, deepgram_error),
            Route("/v1/audio/translations", openai.translations, methods=["POST"]),
            Route("/v1/models", openai.models),
            Route("/v1/models/{name:path}", openai.model),
            *page_routes(),
            Route("/health", _health),
            Route("/ready", self._ready),
            Route("/metrics", self._metrics),
        ]

    async def _ready(self, request: Request) -> Response:  # noqa: ARG002
        ready = self._service.ready
        return JSONResponse({"status": "ok" if ready else "not ready"}, 200 if ready else 503)

    async def _metrics(self, request: Request) -> Response:  # noqa: ARG002
        return PlainTextResponse(self._service.metrics.text())


async def _health(request: Request) -> Response:  # noqa: ARG001
    return JSONResponse({"status": "ok"})
