"""HTTP for engines: one request, one answer, deadlines, no retry (the base retries)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
from anyio.lowlevel import RunVar

from ..exceptions import APIConnectionError, APITimeoutError
from .address import Address
from .bodies import abandon
from .credentials import Credentials
from .endpoint import USER_AGENT
from .http_errors import http_error
from .proxies import proxy_for, unsupported_proxy
from .redaction import redacted_message, without_secrets
from .statuses import status_error
from .tls import system_tls, without_tls

__all__ = ("Answer", "HttpTransport", "Upload", "wav_upload")

_MAX_ANSWER = 64 * 1024 * 1024
_COMPLAINT = 2.0  # seconds for the text of a refusal
_CLOSING = 5.0
_PIECE = 64 * 1024
_MOST_SAID = 64 * 1024  # bytes of a refusal that are read


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
    An answer with a 2xx status.

    Args:
        headers: their names in lower case.
        body: all of it.
    """

    headers: Mapping[str, str]
    body: bytes


class HttpTransport:
    """
    A pool of connections for one engine; makes no connection before the first request.

    Proxies come from the environment. Nothing is retried here. Each event loop that it is used
    on, one after the other, has connections of its own.

    Args:
        credentials: shown with each request, and in no error.
    """

    def __init__(self, credentials: Credentials | None = None) -> None:
        self._credentials = credentials or Credentials(None, "")
        self._clients: RunVar[httpx2.AsyncClient | None] = RunVar("anyio_stt.http", None)

    def __repr__(self) -> str:
        return f"<HttpTransport with {self._credentials!r}>"

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
            APIConnectionError: when the provider cannot be reached, the connection is lost, or the
                answer is too long.
        """
        with anyio.move_on_after(timeout):
            async with self.stream(address, upload, timeout=timeout) as (headers, pieces):
                body = b"".join([piece async for piece in pieces])
                return Answer(headers, _without(self._secrets(address), body))
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
        with without_secrets(lambda: self._secrets(address)):
            try:
                async with self._send(address, upload, timeout) as response:
                    if not response.is_success:
                        raise await self._refused(address, response)
                    body = response.aiter_bytes()
                    try:
                        async with aclosing(_bounded(address, body)) as pieces:
                            yield response.headers, pieces
                    finally:
                        await abandon(body)
            except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
                raise http_error(address, exc, self._secrets(address)) from exc

    async def aclose(self) -> None:
        """Close the connections that are kept open for the next request."""
        client = self._clients.get()
        self._clients.set(None)
        if client is not None:
            with anyio.move_on_after(_CLOSING, shield=True):
                await client.aclose()

    @asynccontextmanager
    async def _send(
        self, address: Address, upload: Upload, timeout: float
    ) -> AsyncIterator[httpx2.Response]:
        client = self._clients.get()
        if client is None:
            client = await _make_client(address)
            self._clients.set(client)
        arguments = upload.arguments()
        arguments["headers"] = [USER_AGENT, *arguments["headers"].items()]
        with anyio.move_on_after(timeout) as scope:
            arguments["headers"] += await self._credentials.headers()
        if scope.cancelled_caught:
            raise APITimeoutError(f"api_key() gave no key for {address} within {timeout:g} s")
        async with client.stream(
            "POST", address.url, timeout=httpx2.Timeout(timeout), **arguments
        ) as response:
            yield response

    async def _refused(self, address: Address, response: httpx2.Response) -> Exception:
        said, body = b"", response.aiter_bytes()
        try:
            with anyio.move_on_after(_COMPLAINT):
                async for piece in body:
                    said = (said + piece)[:_MOST_SAID]
        finally:
            await abandon(body)
        return status_error(
            address,
            response.status_code,
            said=said.decode(errors="replace"),
            headers=response.headers.items(),
            secrets=self._secrets(address),
        )

    def _secrets(self, address: Address) -> tuple[str, ...]:
        proxy = proxy_for(address)
        return (
            *self._credentials.secrets,
            *address.secrets,
            *(proxy.secrets if proxy is not None else ()),
        )


async def _make_client(address: Address) -> httpx2.AsyncClient:
    verify = await system_tls() if address.secure else without_tls()
    # Not as httpx2 reads the environment: it sets up each proxy named there, also one that
    # *address* needs not, and reads no password that holds a #.
    proxy = proxy_for(address)
    if proxy is None:
        return httpx2.AsyncClient(verify=verify, trust_env=False)
    try:
        return httpx2.AsyncClient(verify=verify, trust_env=False, proxy=proxy.url)
    except (ImportError, ValueError):  # SOCKS takes a package of its own, others it knows not
        pass
    raise unsupported_proxy(proxy, address)


def _without(secrets: tuple[str, ...], body: bytes) -> bytes:
    try:
        return redacted_message(body.decode(), secrets).encode()
    except UnicodeDecodeError:
        return body  # no text, so no message


async def _bounded(address: Address, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    size, why = 0, ""
    while not why:
        try:
            piece = await anext(pieces, None)
        except httpx2.HTTPError:
            raise
        except Exception as exc:  # noqa: BLE001 - of what a peer sends, libraries make others too
            why = type(exc).__name__
            break
        if piece is None:
            return
        size += len(piece)
        if size > _MAX_ANSWER:
            raise APIConnectionError(
                f"{address} answered with more than {_MAX_ANSWER} bytes, which no transcript has; "
                f"check that base_url names a server that speaks this protocol",
                retryable=False,
            )
        yield piece
    raise APIConnectionError(f"{address} sent a body that cannot be read: {why}")
