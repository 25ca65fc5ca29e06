"""Deepgram's REST protocol."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import anyio
from starlette.requests import Request

from ..audio import AudioFrame, PCMFormat
from ..audio.pcm import PCMDecoder
from ..wire import deepgram_answers as wire
from ..wire.encodings import ENCODINGS, decode_samples
from ..wire.server_session import ClientError
from .fetching import fetch
from .models import Model
from .recordings import Recording, recognise, recognise_file
from .requests import Respond, json_response, while_connected, work
from .service import Service
from .uploads import BoundedBody, recording_file

__all__ = ("DeepgramEndpoints", "query_of", "wall_time")

_MAX_URL = 16 * 1024


class DeepgramEndpoints:
    """
    Answers what Deepgram's clients ask for.

    Args:
        service: the engines and bounds.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    async def listen(self, request: Request, respond: Respond) -> None:
        """Transcribe a recording."""
        request_id = str(uuid4())
        self._service.check_open()
        ask = _Ask(request)
        model = self._service.models.find(ask.last("model"))
        model.check_language(ask.last("language"))
        sha256 = hashlib.sha256()
        found: list[Recording] = []

        async def transcribe() -> None:
            found.append(await self._recognise(request, model, ask))

        async with (
            aclosing(self._source(request)) as source,
            aclosing(_hashed(source, sha256)) as hashed,
            recording_file(hashed, "recording") as path,
        ):
            ask.path = path
            await while_connected(request.receive, transcribe)
        if not found:
            raise ClientError("the client has gone", status=499)
        said = found[0].said
        channels = [
            [event.alternatives[0] for event in said if (event.channel or 0) == channel]
            for channel in range(found[0].channels)
        ]
        body = wire.recording_body(
            channels,
            found[0].duration,
            request_id=request_id,
            created=wall_time(),
            sha256=sha256.hexdigest(),
            model=model.name,
            utterances=ask.flag("utterances"),
            ignored=ask.ignored,
        )
        await respond(json_response(body, ask.ignored, headers={"dg-request-id": request_id}))

    async def _source(self, request: Request) -> AsyncGenerator[bytes, None]:
        chunks = BoundedBody(request, self._service.options)
        if not request.headers.get("content-type", "").startswith("application/json"):
            async for chunk in chunks:
                yield chunk
            return
        body = b""
        async for chunk in chunks:
            body += chunk
            if len(body) > _MAX_URL:
                raise ClientError(f"a URL may have at most {_MAX_URL} bytes", status=413)
        async with aclosing(fetch(_url(body), self._service.options)) as found:
            async for chunk in found:
                yield chunk

    async def _recognise(self, request: Request, model: Model, ask: _Ask) -> Recording:
        language, apart = ask.last("language"), ask.flag("multichannel")
        async with work(self._service, request, "deepgram"):
            if not ask.encoding:
                return await recognise_file(
                    self._service, model, ask.path, language=language, apart=apart
                )
            async with aclosing(_raw_frames(ask)) as frames:
                return await recognise(self._service, model, frames, language=language, apart=apart)


class _Ask:
    """What a query asks for."""

    def __init__(self, request: Request) -> None:
        self._query = query_of(request.url.query)
        self.ignored = wire.RECORDING_PARAMETERS.ignored(self._query)
        self.path = ""
        self.encoding = self.last("encoding") or ""
        if self.encoding and self.encoding not in ENCODINGS:
            known = ", ".join(ENCODINGS)
            raise ClientError(f"encoding must be one of {known}", "encoding")

    def last(self, name: str) -> str | None:
        return next(reversed(self._query.get(name, ())), "") or None

    def flag(self, name: str) -> bool:
        return (self.last(name) or "").lower() == "true"

    def number(self, name: str, default: int | None = None) -> int:
        text = self.last(name)
        if text is None and default is not None:
            return default
        if text is None or not text.isascii() or not text.isdigit() or not 0 < int(text) < 200_000:
            raise ClientError(f"{name} must be a number, got {text!r}", name)
        return int(text)


async def _raw_frames(ask: _Ask) -> AsyncGenerator[AudioFrame, None]:
    form = PCMFormat(ask.number("sample_rate"), min(ask.number("channels", 1), 16))
    decoder = PCMDecoder(form)
    async with await anyio.open_file(ask.path, "rb") as file:
        while data := await file.read(1 << 16):
            for frame in decoder.push(decode_samples(data, ask.encoding)):
                yield frame
    for frame in decoder.flush():
        yield frame


async def _hashed(source: AsyncIterator[bytes], sha256: Any) -> AsyncGenerator[bytes, None]:
    async for chunk in source:
        sha256.update(chunk)
        yield chunk


def query_of(query: str) -> dict[str, list[str]]:
    """Return a query's names, each with its values."""
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=200)
    except ValueError as exc:
        raise ClientError(f"the query cannot be read: {exc}") from exc


def wall_time() -> str:
    """Return what time it is, as ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _url(body: bytes) -> str:
    try:
        url = json.loads(body)["url"]
    except (LookupError, TypeError, ValueError, RecursionError) as exc:
        raise ClientError('the JSON body must be {"url": ADDRESS}') from exc
    if not isinstance(url, str):
        raise ClientError("url is text")
    return url
