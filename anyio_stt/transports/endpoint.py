"""A service of a provider, with its credentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version

import anyio

from ..exceptions import APITimeoutError
from .address import Address, provider_address
from .credentials import Credentials

__all__ = ("USER_AGENT", "Endpoint")

USER_AGENT = ("User-Agent", f"anyio-stt/{version('anyio-stt')}")
"""Who asks, for a provider's logs."""

_Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    Where to connect, with which credentials. Make it early, so that a wrong base_url fails early.

    Args:
        base_url: `ws://host:port` or `https://host`.
        path: the provider's.
        credentials: sent at each connection, and shown nowhere else. Sending them unencrypted to
            another machine logs a warning.
    """

    base_url: str
    path: str
    credentials: Credentials = field(default_factory=lambda: Credentials(None, ""), repr=False)

    def __post_init__(self) -> None:
        self.credentials.warn_in_the_clear(self.http())

    def at(self, path: str) -> Endpoint:
        """Return another service of the same provider."""
        return replace(self, path=path)

    def http(self, query: _Query = ()) -> Address:
        """Return the address of a request."""
        return provider_address(self.base_url, self.path, websocket=False, query=query)

    def websocket(self, query: _Query = ()) -> Address:
        """Return the address of a websocket."""
        return provider_address(self.base_url, self.path, websocket=True, query=query)

    async def authorize(self, timeout: float) -> list[tuple[str, str]]:
        """
        Return the headers with the credentials.

        Raises:
            APITimeoutError: when there is no key after *timeout* seconds.
        """
        with anyio.move_on_after(timeout):
            return await self.credentials.headers()
        raise APITimeoutError(f"api_key() gave no key for {self.http()} within {timeout:g} s")

    def secrets(self, query: _Query = ()) -> tuple[str, ...]:
        """Return what no error may show: keys, the query, and the secrets in it."""
        return (*self.credentials.secrets, *self.http(query).secrets)
