"""Pages and pieces of files, over HTTP or from disk."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from anyio import to_thread

from ..transports.bodies import abandon
from ..transports.tls import system_tls
from .errors import ModelError
from .pip_settings import PipSettings

if TYPE_CHECKING:
    import httpx2

__all__ = ("Page", "Piece", "TornError", "Web", "local_path", "shown")

_PAGES = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "
    "text/html;q=0.01"
)
_AGAIN = {408, 425, 429, 500, 502, 503, 504}


class TornError(ModelError):
    """Raised when a connection was lost or refused in a way that may pass."""


@dataclass(frozen=True)
class Page:
    """
    A page of an index.

    Args:
        url: where it was found, after redirects.
        kind: its content type.
        text: its content.
    """

    url: str
    kind: str
    text: str


@dataclass(frozen=True)
class Piece:
    """
    A part of a file that is arriving.

    Args:
        start: the number of its first byte.
        total: the length of the whole file, or `None` when the server does not say.
        partial: whether the server sends what was asked for, and not the whole file.
        content: the bytes.
    """

    start: int
    total: int | None
    partial: bool
    content: AsyncIterator[bytes]


class Web:
    """
    Fetches as pip would: by its proxy, certificates, timeout and trusted hosts.

    Args:
        settings: pip's.
    """

    def __init__(self, settings: PipSettings) -> None:
        self._settings = settings

    async def page(self, url: str) -> Page | None:
        """
        Return the page at *url*, or `None` when there is none.

        Raises:
            TornError: when the server cannot be reached or does not answer in order.
        """
        async with self._request(url, {"Accept": _PAGES}) as response:
            if response.status_code in (404, 410):
                return None
            _check(url, response)
            await response.aread()
            kind = response.headers.get("Content-Type", "text/html")
            return Page(str(response.url), kind, response.text)

    @asynccontextmanager
    async def piece(self, url: str, wanted: str) -> AsyncIterator[Piece]:
        """
        Ask for a range of bytes of *url*; the block gets what comes, which may be all of it.

        Args:
            url: the file's.
            wanted: the range as HTTP writes it, such as `0-99` or `-100`.

        Raises:
            TornError: when the connection is lost, also while the content is read.
            ModelError: when the server refuses for good.
        """
        headers = {"Range": f"bytes={wanted}", "Accept-Encoding": "identity"}
        async with self._request(url, headers) as response:
            _check(url, response)
            content = response.aiter_raw()
            try:
                yield _piece(url, response, content)
            finally:
                await abandon(content)

    @asynccontextmanager
    async def _request(self, url: str, headers: dict[str, str]) -> AsyncIterator[httpx2.Response]:
        httpx2 = _httpx2()
        options: dict[str, Any] = {"timeout": self._settings.timeout, "follow_redirects": True}
        if self._settings.proxy:
            options["proxy"] = self._settings.proxy
        with suppress(OSError):
            options["auth"] = httpx2.NetRCAuth()  # as pip does; the address's own come first
        try:
            async with (
                httpx2.AsyncClient(verify=await self._tls(url), **options) as client,
                client.stream("GET", url, headers=headers) as response,
            ):
                yield response
        except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
            raise TornError(f"{shown(url)}: {exc or type(exc).__name__}") from exc

    async def _tls(self, url: str) -> ssl.SSLContext | bool:
        address = urlsplit(url)
        if address.scheme != "https":
            return False  # nothing to check, and reading the certificates takes a while
        if {address.hostname, address.netloc.rpartition("@")[2]} & set(
            self._settings.trusted_hosts
        ):
            return False
        if self._settings.cert is None:
            return await system_tls()
        return await to_thread.run_sync(_trusting, self._settings.cert)


def _trusting(cert: str) -> ssl.SSLContext:
    try:
        if Path(cert).is_dir():
            return ssl.create_default_context(capath=cert)
        return ssl.create_default_context(cafile=cert)
    except OSError as exc:
        raise ModelError(f"pip's cert={cert} cannot be read: {exc}") from exc


def local_path(url: str) -> Path | None:
    """Return the path that *url* names on this machine, or `None` when it is elsewhere."""
    address = urlsplit(url)
    if address.scheme == "file":
        return Path(url2pathname(unquote(address.path)))
    # A letter is a drive of Windows.
    return Path(url) if len(address.scheme) < 2 else None


def shown(url: str) -> str:
    """Return *url* without a password."""
    address = urlsplit(url)
    return address._replace(netloc=address.netloc.rpartition("@")[2], query="").geturl()


def _httpx2() -> Any:
    try:
        import httpx2
    except ImportError as exc:
        raise ImportError(
            "pulling models needs httpx2, which is not installed: pip install 'anyio-stt[models]'",
            name="httpx2",
        ) from exc
    return httpx2


def _check(url: str, response: httpx2.Response) -> None:
    if response.is_success:
        return
    error = TornError if response.status_code in _AGAIN else ModelError
    raise error(f"{shown(url)} answered {response.status_code} {response.reason_phrase}")


def _piece(url: str, response: httpx2.Response, content: AsyncIterator[bytes]) -> Piece:
    if response.status_code == 206:
        start, total = _content_range(url, response.headers.get("Content-Range", ""))
        return Piece(start, total, True, content)
    length = response.headers.get("Content-Length", "")
    return Piece(0, int(length) if length.isdigit() else None, False, content)


def _content_range(url: str, header: str) -> tuple[int, int | None]:
    unit, _, rest = header.partition(" ")
    span, _, total = rest.partition("/")
    start = span.partition("-")[0]
    if unit != "bytes" or not start.isdigit():
        raise ModelError(f"{shown(url)} answered with an illegal Content-Range: {header[:80]!r}")
    return int(start), int(total) if total.isdigit() else None
