"""What the HTTP endpoints share: places, disconnects, answers that say what was ignored."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from .service import Service

__all__ = (
    "IGNORED",
    "Endpoint",
    "EventStream",
    "Respond",
    "json_response",
    "text_response",
    "while_connected",
    "work",
)

IGNORED = "x-anyio-stt-ignored"
"""The header that names what was asked for and changed nothing."""

logger: logging.Logger = logging.getLogger("anyio_stt.server")
Write = Callable[[bytes], Awaitable[None]]
Respond = Callable[[Response], Awaitable[None]]


class Endpoint:
    """
    An address: a handler, and how its protocol tells errors.

    Args:
        service: the engines and bounds.
        protocol: what metrics call it.
        handle: answers a request, by what it is given.
        error: makes an answer of what *handle* raises.
    """

    def __init__(
        self,
        service: Service,
        protocol: str,
        handle: Callable[[Request, Respond], Awaitable[None]],
        error: Callable[[Exception], Response],
    ) -> None:
        self._service = service
        self._protocol = protocol
        self._handle = handle
        self._error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        answered = False

        async def tell(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                self._service.metrics.answered(self._protocol, message["status"])
            await send(message)

        async def respond(response: Response) -> None:
            await response(scope, receive, tell)

        try:
            await self._handle(request, respond)
        except ClientDisconnect:
            return  # whoever asked has gone
        except Exception as exc:  # noqa: BLE001 - told to the client, and logged if it is a bug
            response = self._error(exc)
            if not answered:
                with anyio.move_on_after(self._service.options.send_timeout):
                    await respond(response)


@asynccontextmanager
async def work(service: Service, request: Request, protocol: str) -> AsyncGenerator[None, None]:
    """
    Hold a place for a recording, for the time of the block.

    Raises:
        BusyError: when there is none, or the server ends.
    """
    service.check_open()
    async with (
        service.limits.place(request.state.owner, waits=True),
        service.working(),
    ):
        service.metrics.opened(protocol, 1)
        try:
            yield
        finally:
            service.metrics.opened(protocol, -1)


def json_response(
    body: object,
    ignored: Sequence[str],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer with JSON."""
    return JSONResponse(body, status, _headers(ignored, headers or {}))


def text_response(text: str, ignored: Sequence[str], kind: str = "text/plain") -> Response:
    """Answer with text."""
    return PlainTextResponse(text, 200, _headers(ignored, {}), media_type=kind)


def _headers(ignored: Sequence[str], headers: Mapping[str, str]) -> dict[str, str]:
    named = {IGNORED: ", ".join(ignored)} if ignored else {}
    return {**headers, **named}


class EventStream(Response):
    """
    Server-sent events, as they are made; the answer begins with the first.

    Args:
        make: writes the events, or raises before the first what is answered instead of them; it
            is cancelled when the client goes.
        ignored: what was asked for and changed nothing.
        send_timeout: how long the client may take to read one, in seconds.
    """

    def __init__(
        self, make: Callable[[Write], Awaitable[None]], ignored: Sequence[str], send_timeout: float
    ) -> None:
        super().__init__(
            None, 200, _headers(ignored, {"cache-control": "no-store"}), "text/event-stream"
        )
        del self.headers["content-length"]
        self._make = make
        self._send_timeout = send_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        del scope
        begun = False

        async def write(data: bytes) -> None:
            nonlocal begun
            with anyio.fail_after(self._send_timeout):
                if not begun:
                    begun = True
                    start = {"status": self.status_code, "headers": self.raw_headers}
                    await send({"type": "http.response.start", **start})
                await send({"type": "http.response.body", "body": data, "more_body": True})

        async def answer() -> None:
            try:
                await self._make(write)
            except TimeoutError:
                logger.info("a client did not read for %g s", self._send_timeout)
            await send({"type": "http.response.body", "body": b""})

        await while_connected(receive, answer)


async def while_connected(receive: Receive, do: Callable[[], Awaitable[None]]) -> None:
    """Do something, and stop when the client has gone."""
    failures: list[Exception] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_watch, receive, tasks.cancel_scope)
        try:
            await do()
        except Exception as exc:  # noqa: BLE001 - raised again, outside of the group
            failures.append(exc)
        tasks.cancel_scope.cancel()
    if failures:
        raise failures[0]


async def _watch(receive: Receive, everything: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    everything.cancel()
