"""HTTP for engines: one request, one answer, deadlines, no retry (the base retries)."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2

from ..exceptions import APIConnectionError, APITimeoutError
from .address import Address
from .dialling import proxy_for, unsupported_proxy
from .http_errors import http_error
from .statuses import EXCERPT, redact, status_error
from .tls import system_tls, without_tls

__all__ = ("Answer", "HttpTransport", "Upload", "wav_upload")

_MAX_ANSWER = 64 * 1024 * 1024
_COMPLAINT = 2.0  # seconds for the text of a refusal
_CLOSING = 5.0
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """
    What is sent: a body, or a form with a file.

    Args:
        content: the body, or the file of a form.
        content_type: of the body or file.
        fields: of the form; a name may come twice. `None` sends the content as the body.
        filename: of the file in the form.
    """

    content: bytes
    content_type: str = "application/octet-stream"
    fields: Sequence[tuple[str, str]] | None = None
    filename: str = "audio.wav"

    def arguments(self) -> dict[str, Any]:
        """Return it as httpx2 takes it; both ways the body goes out in pieces."""
        if self.fields is None:
            return {
                "content": self._pieces(),
                "headers": {
                    "Content-Type": self.content_type,
                    "Content-Length": str(len(self.content)),
                },
            }
        form: dict[str, list[str]] = {}
        for name, value in self.fields:
            form.setdefault(name, []).append(value)
        file = (self.filename, self.content, self.content_type)
        return {"data": form, "files": {"file": file}, "headers": {}}

    async def _pieces(self) -> AsyncIterator[bytes]:
        view = memoryview(self.content)
        for start in range(0, len(view), _PIECE):
            yield bytes(view[start : start + _PIECE])


def wav_upload(
    pcm: bytes, sample_rate: int, num_channels: int, fields: Sequence[tuple[str, str]] | None = None
) -> Upload:
    """Wrap 16-bit samples in a WAV file."""
    block, size = 2 * num_channels, len(pcm)
    header = b"".join(
        (
            b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little"),
            (1).to_bytes(2, "little") + num_channels.to_bytes(2, "little"),
            sample_rate.to_bytes(4, "little") + (sample_rate * block).to_bytes(4, "little"),
            block.to_bytes(2, "little") + (16).to_bytes(2, "little"),
            b"data" + size.to_bytes(4, "little"),
        )
    )
    return Upload(header + pcm, "audio/wav", fields)


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What came back with a 2xx status.

    Args:
        headers: their names in lower case.
        body: all of it.
    """

    headers: Mapping[str, str]
    body: bytes


class HttpTransport:
    """
    A pool of connections for one engine; makes no connection before the first request.

    Proxies come from the environment. Nothing is retried here.

    Args:
        headers: sent with each request; never shown.
        secrets: never shown in an error, even if the provider repeats them.
    """

    def __init__(
        self, *, headers: Mapping[str, str] | None = None, secrets: Sequence[str] = ()
    ) -> None:
        self._headers = dict(headers or {})
        self._secrets = secrets
        self._client: httpx2.AsyncClient | None = None

    def __repr__(self) -> str:
        return f"<HttpTransport {'in use' if self._client else 'unused'}>"

    async def post(self, address: Address, upload: Upload, *, timeout: float) -> Answer:
        """
        Send *upload* and return the answer.

        Args:
            address: where to.
            upload: what.
            timeout: seconds for all of it; no single step may take longer either.

        Raises:
            APITimeoutError: when it takes longer than *timeout*.
            APIStatusError: when the answer has no 2xx status.
            APIConnectionError: when the provider cannot be reached, is lost, or says too much.
        """
        with anyio.move_on_after(timeout):
            async with self.stream(address, upload, timeout=timeout) as (headers, pieces):
                return Answer(headers, b"".join([piece async for piece in pieces]))
        raise APITimeoutError(f"{address} did not answer in full within {timeout:g} s")

    @asynccontextmanager
    async def stream(
        self, address: Address, upload: Upload, *, timeout: float
    ) -> AsyncIterator[tuple[Mapping[str, str], AsyncIterator[bytes]]]:
        """
        Send *upload*; the block gets the headers and the body as it arrives.

        Args:
            address: where to.
            upload: what.
            timeout: seconds for each step: connecting, sending a piece, waiting for a piece.

        Raises:
            APIError: like `post`, also while the body is read; final when it has no end.
        """
        try:
            async with self._send(address, upload, timeout) as response:
                if not response.is_success:
                    raise await self._refused(address, response)
                body = response.aiter_bytes()
                try:
                    async with aclosing(_bounded(address, body)) as pieces:
                        yield response.headers, pieces
                finally:
                    await _abandon(body)
        except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
            raise http_error(address, exc) from exc

    async def aclose(self) -> None:
        """Close the connections that are kept open for the next request."""
        client, self._client = self._client, None
        if client is not None:
            with anyio.move_on_after(_CLOSING, shield=True):
                await client.aclose()

    @asynccontextmanager
    async def _send(
        self, address: Address, upload: Upload, timeout: float
    ) -> AsyncIterator[httpx2.Response]:
        verify = await system_tls() if address.secure else without_tls()
        if self._client is None:
            self._client = _make_client(address, self._headers, verify)
        arguments = upload.arguments()
        async with self._client.stream(
            "POST", address.url, timeout=httpx2.Timeout(timeout), **arguments
        ) as response:
            yield response

    async def _refused(self, address: Address, response: httpx2.Response) -> Exception:
        said = b""
        with anyio.move_on_after(_COMPLAINT):
            async for piece in response.aiter_bytes():
                said = (said + piece)[: 4 * EXCERPT]
        return status_error(
            address,
            response.status_code,
            said=redact(said.decode(errors="replace"), self._secrets),
            headers=response.headers.items(),
            secrets=self._secrets,
        )


def _make_client(
    address: Address, headers: Mapping[str, str], verify: ssl.SSLContext
) -> httpx2.AsyncClient:
    try:
        return httpx2.AsyncClient(headers=headers, verify=verify)
    except (ImportError, ValueError) as exc:
        # httpx2 sets up each proxy that the environment names, also one that *address* needs not,
        # and cannot: SOCKS takes a package of its own, other kinds it does not know.
        proxy = proxy_for(address)
        if proxy is not None and proxy.scheme not in ("http", "https"):
            raise unsupported_proxy(proxy, address) from exc
        through = proxy.geturl() if proxy is not None else None
        return httpx2.AsyncClient(headers=headers, verify=verify, trust_env=False, proxy=through)


async def _bounded(address: Address, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > _MAX_ANSWER:
            raise APIConnectionError(
                f"{address} answered with more than {_MAX_ANSWER} bytes, which no transcript has; "
                f"check that base_url names a server that speaks this protocol",
                retryable=False,
            )
        yield piece


async def _abandon(body: AsyncIterator[bytes]) -> None:
    """
    Let go of a body that may not have been read to its end.

    Closing a generator does not close those it reads from, and trio complains of each that is
    left. A read that is cancelled ends them all, and what is in memory already is soon read.
    """
    with anyio.CancelScope() as scope, suppress(httpx2.HTTPError):
        scope.cancel()
        async for _ in body:
            pass
