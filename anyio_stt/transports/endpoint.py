"""One of a provider's services, and how to be let in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .address import Address, provider_address

__all__ = ("Endpoint", "bearer")

_Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    Where to connect and what to show there; made early, so that a wrong base_url is told early.

    Args:
        base_url: `ws://host:port` or `https://host`.
        path: the provider's.
        headers: of each request; never shown.
        secrets: never shown in an error.
    """

    base_url: str
    path: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        self.http()

    def at(self, path: str) -> Endpoint:
        """Return another service of the same provider."""
        return replace(self, path=path)

    def http(self, query: _Query = ()) -> Address:
        """Return the address of a request."""
        return provider_address(self.base_url, self.path, websocket=False, query=query)

    def websocket(self, query: _Query = ()) -> Address:
        """Return the address of a websocket."""
        return provider_address(self.base_url, self.path, websocket=True, query=query)


def bearer(key: str | None, scheme: str = "Bearer") -> tuple[tuple[str, str], ...]:
    """Return the header that shows *key*, or none."""
    return (("Authorization", f"{scheme} {key}"),) if key else ()
