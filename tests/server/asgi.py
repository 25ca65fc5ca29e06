"""Clients of an ASGI application in this process: requests, and websockets."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio.abc import TaskStatus

from anyio_stt import STT
from anyio_stt.server import Application, Models, ServerOptions, Service


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    pieces: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


@asynccontextmanager
async def serving(
    engines: STT | dict[str, STT], options: ServerOptions | None = None, *, warm_up: bool = False
) -> AsyncGenerator[tuple[Application, Service], None]:
    named = engines if isinstance(engines, dict) else {"scripted": engines}
    service = Service(Models(named), options or ServerOptions(hosts=()))
    async with service.running(warm_up=warm_up):
        yield Application(service), service


def scope_of(kind: str, method: str, target: str, headers: dict[str, str]) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [
            (k.lower().encode(), v.encode()) for k, v in ({"host": "127.0.0.1"} | headers).items()
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
        "extensions": {"websocket.http.response": {}},
        "subprotocols": [
            each.strip() for each in headers.get("sec-websocket-protocol", "").split(",") if each
        ],
    }


async def request(
    app: Application,
    method: str,
    target: str,
    body: bytes | list[bytes] = b"",
    *,
    leaves: bool = False,
    **headers: str,
) -> Answer:
    """Ask once; *leaves* hangs up as soon as the body was sent."""
    pieces = [body] if isinstance(body, bytes) else list(body)
    messages = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    answer = Answer()
    done = anyio.Event()

    async def receive() -> dict[str, Any]:
        await anyio.sleep(0)
        if messages:
            return messages.pop(0)
        if not leaves:
            await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        await anyio.sleep(0)
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            answer.body += message.get("body", b"")
            answer.pieces.append(message.get("body", b""))
            if not message.get("more_body"):
                done.set()

    names = {name.replace("_", "-"): value for name, value in headers.items()}
    with anyio.fail_after(30):
        await app(scope_of("http", method, target, names), receive, send)
    return answer


def form(fields: list[tuple[str, str]], file: bytes | None, name: str = "said.wav") -> bytes:
    parts = [
        f'--edge\r\ncontent-disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields
    ]
    if file is not None:
        head = f'--edge\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n'
        parts.append(head.encode() + b"content-type: audio/wav\r\n\r\n" + file + b"\r\n")
    return b"".join(parts) + b"--edge--\r\n"


FORM = "multipart/form-data; boundary=edge"


class Socket:
    """The client's end of a websocket."""

    def __init__(self) -> None:
        self.to_app, self.app_reads = anyio.create_memory_object_stream[dict[str, Any]](10_000)
        self.app_writes, self.from_app = anyio.create_memory_object_stream[dict[str, Any]](10_000)
        self.opening: dict[str, Any] = {}
        self.closing: dict[str, Any] | None = None

    def send(self, message: str | bytes | dict[str, Any]) -> None:
        if isinstance(message, dict):
            message = json.dumps(message)
        kind = "text" if isinstance(message, str) else "bytes"
        self.to_app.send_nowait({"type": "websocket.receive", kind: message})

    async def raw(self) -> dict[str, Any]:
        with anyio.fail_after(30):
            return await self.from_app.receive()

    async def receive(self) -> Any:
        """Return the next message, read from JSON; `None` when the server has hung up."""
        message = await self.raw()
        if message["type"] == "websocket.close":
            self.closing = message
            return None
        text = message.get("text")
        return message["bytes"] if text is None else json.loads(text)

    async def rest(self) -> list[Any]:
        """Return every message until the server hangs up."""
        messages = []
        while (message := await self.receive()) is not None:
            messages.append(message)
        return messages

    def leave(self) -> None:
        self.to_app.send_nowait({"type": "websocket.disconnect", "code": 1006})


@asynccontextmanager
async def connected(app: Application, target: str, **headers: str) -> AsyncGenerator[Socket, None]:
    """Open a websocket; whatever the opening was answered is in `opening`."""
    socket = Socket()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    scope = scope_of("websocket", "GET", target, names)

    async def write(message: MutableMapping[str, Any]) -> None:
        await socket.app_writes.send(dict(message))

    async def run(*, task_status: TaskStatus[None]) -> None:
        task_status.started()
        await app(scope, socket.app_reads.receive, write)

    async with (
        socket.to_app,
        socket.app_reads,
        socket.app_writes,
        socket.from_app,
        anyio.create_task_group() as tasks,
    ):
        await tasks.start(run)
        socket.to_app.send_nowait({"type": "websocket.connect"})
        socket.opening = await socket.raw()
        yield socket
        socket.leave()  # and the application has to end, or this block does not
