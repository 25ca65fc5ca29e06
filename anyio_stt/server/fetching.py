"""Recordings that are given by address: only from hosts that were allowed by name."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import anyio

from ..wire.server_session import ClientError
from .options import ServerOptions

__all__ = ("fetch",)


async def fetch(url: str, options: ServerOptions) -> AsyncGenerator[bytes, None]:
    """
    Yield what is at *url*.

    Nobody makes this server call an address inside its network: hosts are allowed one by one,
    and redirects are not followed.

    Raises:
        ClientError: when the host is not allowed, or does not give the recording.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.hostname not in options.fetch_hosts:
        raise ClientError(
            "this server does not fetch recordings from there; send the recording itself, or "
            "start the server with --fetch-host",
            "url",
        )
    try:
        import httpx2
    except ImportError as exc:
        raise ClientError("fetching needs httpx2 on the server", "url", status=501) from exc
    taken = 0
    deadlines = httpx2.Timeout(options.client_timeout)
    try:
        async with (
            httpx2.AsyncClient(
                timeout=deadlines, follow_redirects=False, trust_env=False
            ) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != 200:
                raise ClientError(f"{parts.hostname} answers {response.status_code}", "url")
            async for chunk in response.aiter_bytes():
                taken += len(chunk)
                if taken > options.max_body:
                    raise ClientError(
                        f"more than {options.max_body} bytes are there", "url", status=413
                    )
                yield chunk
    except (httpx2.HTTPError, httpx2.InvalidURL, anyio.BrokenResourceError) as exc:
        raise ClientError(f"{parts.hostname} cannot be read", "url") from exc
