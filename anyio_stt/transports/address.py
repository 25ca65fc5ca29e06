"""Where a provider is: what the user gave, and the provider's path after it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

__all__ = ("Address", "provider_address")

_WEBSOCKET = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_HTTP = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_SECRET = re.compile(r"key|token|secret|password|auth|credential|signature", re.IGNORECASE)
_PORTS = {"ws": 80, "http": 80, "wss": 443, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """
    A URL that can be shown: its text leaves the query out, which may hold more than it should.

    Args:
        scheme: ws, wss, http or https.
        host: name or number.
        port: as given, or the scheme's own.
        path: begins with a slash.
        query: already encoded, without the question mark.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str = field(default="", repr=False)

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme in ("wss", "https")

    @property
    def authority(self) -> str:
        """Host and port, the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query, as a request names them."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown even if the peer repeats it: the query, and secrets in it."""
        if not self.query:
            return ()
        named = [value for name, value in parse_qsl(self.query) if _SECRET.search(name)]
        return (self.query, *named, *(quote(value, safe="") for value in named))

    @property
    def url(self) -> str:
        """All of it; not for logs."""
        return f"{self.scheme}://{self.authority}{self.target}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def provider_address(
    base_url: str, path: str, *, websocket: bool, query: Sequence[tuple[str, str]] = ()
) -> Address:
    """
    Append the provider's *path* to *base_url*; what the two have in common is not doubled.

    Args:
        base_url: `ws://host:port` or `https://host`, with or without the path or part of it.
        path: the provider's, such as `/v1/listen`.
        websocket: whether to speak websocket there or HTTP.
        query: pairs to encode; a key may come twice.

    Raises:
        ValueError: when *base_url* has another scheme, no host, or credentials in it.
    """
    parts = _checked(base_url)
    scheme = (_WEBSOCKET if websocket else _HTTP)[parts.scheme]
    return Address(
        scheme,
        parts.hostname or "",
        parts.port or _PORTS[scheme],
        _join(parts.path, path),
        "&".join(filter(None, [parts.query, urlencode(query, quote_via=quote)])),
    )


def _checked(base_url: str) -> SplitResult:
    if not isinstance(base_url, str):
        raise TypeError(f"base_url must be an address as text, got {base_url!r}")
    parts = urlsplit(base_url)
    if parts.username is not None or parts.password is not None:
        raise ValueError("base_url holds a user name or password; give the key as api_key instead")
    try:
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number
        usable = False
    if not usable:
        shown = base_url.partition("?")[0]
        raise ValueError(f"base_url must look like ws://host:port or https://host, got {shown!r}")
    return parts


def _join(base: str, path: str) -> str:
    """Join two paths; the end of the first may be the beginning of the second."""
    given, wanted = [part for part in base.split("/") if part], path.strip("/").split("/")
    for shared in range(min(len(given), len(wanted)), -1, -1):
        if given[len(given) - shared :] == wanted[:shared]:
            break
    return "/" + "/".join([*given, *wanted[shared:]])
