"""Recordings at an address of the web, heard while they are loaded."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from anyio_stt.audio import AudioFileError, AudioReader, PCMFormat, open_audio_stream
from anyio_stt.transports.tls import system_tls

from .shown import clean

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
    try:
        async with (
            httpx2.AsyncClient(verify=system_tls(), timeout=_TIMEOUT, follow_redirects=True) as web,
            web.stream("GET", address) as answer,
        ):
            if not answer.is_success:
                raise AudioFileError(f"{address} cannot be loaded: HTTP {answer.status_code}")
            chunks = answer.aiter_bytes()
            async with open_audio_stream(chunks, pcm_format=raw_format, name=address) as audio:
                yield audio
    except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
        reason = clean(str(exc)) or type(exc).__name__
        raise AudioFileError(f"{address} cannot be loaded: {reason}") from exc
