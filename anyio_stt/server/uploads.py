"""What clients upload: never whole in memory, never more than is allowed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Any

import anyio
from anyio import to_thread
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from ..wire.server_session import ClientError
from .options import ServerOptions

__all__ = ("BoundedBody", "Form", "read_form", "recording_file")

_MAX_FIELDS = 100
_MAX_FIELD = 64 * 1024  # bytes; a data address of a known voice is longer, and not served
_PIECE = 1 << 20


@dataclass(frozen=True)
class Form:
    """
    A form that was filled in.

    Args:
        fields: names without brackets, each with its values.
        file: the recording.
        name: what the client calls it.
    """

    fields: dict[str, list[str]]
    file: IO[bytes]
    name: str

    def last(self, name: str, default: str = "") -> str:
        """Return the last value of that name."""
        return (self.fields.get(name) or [default])[-1]


class BoundedBody(AsyncIterator[bytes]):
    """
    The body of a request, as it comes.

    Args:
        request: whose.
        options: how long it may be, and how long a piece may take.

    Raises:
        ClientError: when it is too long, or comes too slowly; from the iteration.
        ClientDisconnect: when the client has gone; likewise.
    """

    def __init__(self, request: Request, options: ServerOptions) -> None:
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > options.max_body:
            raise _too_big(options)
        self._receive = request.receive
        self._options = options
        self._taken = 0
        self._more = True

    async def __anext__(self) -> bytes:
        chunk = b""
        while not chunk:
            if not self._more:
                raise StopAsyncIteration
            chunk = await self._next()
        self._taken += len(chunk)
        if self._taken > self._options.max_body:
            raise _too_big(self._options)
        return chunk

    async def _next(self) -> bytes:
        timeout = self._options.client_timeout
        try:
            with anyio.fail_after(timeout):
                message = await self._receive()
        except TimeoutError:
            raise ClientError(
                f"no data of the body arrived for {timeout:g} s", status=408
            ) from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        self._more = bool(message.get("more_body"))
        return bytes(message.get("body", b""))


@asynccontextmanager
async def read_form(request: Request, options: ServerOptions) -> AsyncGenerator[Form, None]:
    """
    Read a form with a file, for the time of the block.

    Raises:
        ClientError: when it is none, or too big.
    """
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise ClientError("a form was expected: Content-Type: multipart/form-data", status=400)
    parser = MultiPartParser(
        Headers({"content-type": kind}),
        BoundedBody(request, options),  # type: ignore[arg-type] # it only iterates
        max_files=1,
        max_fields=_MAX_FIELDS,
        max_part_size=_MAX_FIELD,
    )
    try:
        data = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as exc:
        said = exc.message if isinstance(exc, MultiPartException) else str(exc)
        raise ClientError(f"the form cannot be read: {said}") from exc
    try:
        yield _form(data.multi_items())
    finally:
        with anyio.move_on_after(5, shield=True):
            await data.close()


def _form(items: list[tuple[str, Any]]) -> Form:
    fields: dict[str, list[str]] = {}
    upload: UploadFile | None = None
    for name, value in items:
        if isinstance(value, UploadFile):
            if name != "file":
                raise ClientError(f"the recording must be sent as file, not as {name}", name)
            upload = value
        else:
            # chunking_strategy[type] is the chunking_strategy too
            fields.setdefault(name.partition("[")[0], []).append(value)
    if upload is None:
        raise ClientError("the form has no file", "file")
    return Form(fields, upload.file, os.path.basename(upload.filename or "recording"))


@asynccontextmanager
async def recording_file(
    source: IO[bytes] | AsyncIterator[bytes], name: str
) -> AsyncGenerator[str, None]:
    """
    Put a recording into a file of its own and give its path, for the time of the block.

    Raises:
        ClientError: when it is empty.
    """
    handle, path = await to_thread.run_sync(_make_file, name)
    try:
        async with await anyio.open_file(handle, "wb") as file:
            if isinstance(source, AsyncIterator):
                async for chunk in source:
                    await file.write(chunk)
            else:
                await to_thread.run_sync(_copy, source, file.wrapped)
            if not await file.tell():
                raise ClientError("the recording is empty (0 bytes)", "file")
        yield path
    finally:
        with anyio.move_on_after(5, shield=True):
            await to_thread.run_sync(_remove, path)


def _make_file(name: str) -> tuple[int, str]:
    suffix = os.path.splitext(name)[1]
    plain = suffix[1:].isalnum() and len(suffix) < 8
    return tempfile.mkstemp(prefix="anyio-stt-", suffix=suffix if plain else "")


def _copy(source: IO[bytes], file: IO[bytes]) -> None:
    source.seek(0)
    shutil.copyfileobj(source, file, _PIECE)


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


def _too_big(options: ServerOptions) -> ClientError:
    return ClientError(
        f"the body has more than {options.max_body} bytes, the most that is taken here; send "
        f"compressed audio, or shorter recordings",
        status=413,
    )
