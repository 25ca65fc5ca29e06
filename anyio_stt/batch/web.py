"""Recordings at an address of the web, heard while they are loaded."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from ..audio.arriving import open_audio_stream
from ..audio.errors import AudioFileError
from ..audio.pcm import PCMFormat
from ..audio.reader import AudioReader
from ..transports.bodies import abandon
from ..transports.tls import system_tls

__all__ = ("open_address",)

_TIMEOUT = 30.0  # seconds for one step of a connection; a live station says something before


@asynccontextmanager
async def open_address(
    address: str, raw_format: PCMFormat | None
) -> AsyncGenerator[AudioReader, None]:
    """
    Load and open the recording at *address*.

    Raises:
        AudioFileError: when it cannot be loaded, or is no audio.
        ImportError: when httpx2 is not installed.
    """
    httpx2: Any = import_module("httpx2")
    tls = await system_tls()
    try:
        async with (
            httpx2.AsyncClient(verify=tls, timeout=_TIMEOUT, follow_redirects=True) as web,
            web.stream("GET", address) as answer,
        ):
            if not answer.is_success:
                raise AudioFileError(f"{address} cannot be loaded: HTTP {answer.status_code}")
            body = answer.aiter_bytes()
            try:
                async with open_audio_stream(
                    _NotClosed(body), pcm_format=raw_format, name=address
                ) as audio:
                    yield audio
            finally:
                await abandon(body)
    except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
        reason = str(exc) or type(exc).__name__
        raise AudioFileError(f"{address} cannot be loaded: {reason}") from exc


class _NotClosed:
    """Reads what somebody else closes."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body

    def __aiter__(self) -> _NotClosed:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._body)
