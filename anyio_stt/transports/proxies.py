"""The proxy that the environment names for an address."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ..exceptions import APIConnectionError
from .address import Address

__all__ = ("Proxy", "proxy_for", "unsupported_proxy")

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """
    A proxy; its text leaves the password out.

    Args:
        scheme: http or https; others are not spoken here.
        host: name or number.
        port: as given, or the scheme's own.
        username: decoded.
        password: decoded.
    """

    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def authorization(self) -> str | None:
        """The header that shows name and password, if there are any."""
        if not self.username:
            return None
        pair = f"{self.username}:{self.password}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no error may show."""
        if not self.password:
            return ()
        shown = (self.authorization or "").removeprefix("Basic ")
        return (self.password, quote(self.password, safe=""), shown)

    @property
    def url(self) -> str:
        """All of it, encoded; not for logs."""
        name, password = quote(self.username, safe=""), quote(self.password, safe="")
        who = f"{name}:{password}@" if name else ""
        return f"{self.scheme}://{who}{self}"


def proxy_for(address: Address) -> Proxy | None:
    """
    Return the proxy from `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, if any.

    Raises:
        APIConnectionError: final, when there is one that cannot be read.
    """
    proxies = getproxies()
    url = proxies.get("https" if address.secure else "http") or proxies.get("all")
    if not url or proxy_bypass(f"{address.host}:{address.port}") or proxy_bypass(address.host):
        return None
    return _read(url, address)


def _read(url: str, address: Address) -> Proxy:
    scheme, _, rest = url.rpartition("://") if "://" not in url else url.partition("://")
    # A password may hold what separates parts of an address, so the last @ is the one that counts.
    who, _, where = rest.rpartition("@")
    name, _, password = who.partition(":")
    try:
        parts = urlsplit(f"//{where}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    scheme = (scheme or "http").lower()
    if not host:
        raise APIConnectionError(
            f"the environment names a proxy for {address} that cannot be read; it must look like "
            f"http://name:password@host:port",
            retryable=False,
        )
    return Proxy(scheme, host, port or _PORTS.get(scheme, 80), unquote(name), unquote(password))


def unsupported_proxy(proxy: Proxy, address: Address) -> APIConnectionError:
    """Make the error for a proxy of a kind that is not spoken here; what it is stays wrong."""
    return APIConnectionError(
        f"the environment names a {proxy.scheme} proxy for {address}; only HTTP proxies are "
        f"supported: set no_proxy={address.host}, or an http:// proxy",
        retryable=False,
    )
