"""Who may come in: keys, and the names that a browser was told."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from itertools import pairwise
from urllib.parse import urlsplit

from ..wire.server_session import ClientError
from .options import ServerOptions

__all__ = ("Access", "AccessError")

_OPENAI = "openai-insecure-api-key."  # how browsers hand over a key in a websocket's opening
_OPEN = frozenset({"/", "/captions.js", "/microphone.js", "/health", "/ready"})


class AccessError(ClientError):
    """Raised for who may not come in; `status` is 401 or 403."""


class Access:
    """
    Checks requests.

    Args:
        options: keys, hosts and origins.
    """

    def __init__(self, options: ServerOptions) -> None:
        self._digests = [_digest(key) for key in options.keys]
        self._hosts = frozenset(host.lower() for host in options.hosts)
        self._origins = frozenset(origin.lower() for origin in options.origins)

    def admit(
        self, path: str | None, headers: Mapping[str, str], subprotocols: Sequence[str]
    ) -> str:
        """
        Return whom the key belongs to: its number, or "anyone".

        Args:
            path: what is asked for over HTTP; `None` for a websocket, whatever its path.
            headers: names in lower case.
            subprotocols: that the opening of a websocket offers.

        Raises:
            AccessError: when the key is wrong, or the page that asks is not ours.
        """
        self._check_host(headers.get("host", ""))
        self._check_origin(headers.get("origin"), headers.get("host", ""))
        if not self._digests or path in _OPEN:
            return "anyone"
        shown = _key_of(headers, subprotocols)
        if shown is None:
            raise AccessError("a key is needed: Authorization: Bearer KEY", status=401)
        digest = _digest(shown)
        # Each is compared, whichever it is, so that time does not tell.
        found = [hmac.compare_digest(digest, each) for each in self._digests]
        if True not in found:
            raise AccessError("unknown key", status=401)
        return f"key {found.index(True) + 1}"

    def _check_host(self, host: str) -> None:
        if self._hosts and _host_of(f"//{host}") not in self._hosts:
            raise AccessError(
                "this Host is not served here; allow it with the server's --allow-host", status=403
            )

    def _check_origin(self, origin: str | None, host: str) -> None:
        if origin is None or origin.lower() in self._origins:
            return
        # The scheme may differ: a proxy in front may speak TLS for us.
        if not origin.lower().endswith(f"://{host.lower()}"):
            raise AccessError(
                "pages of this Origin may not call; allow it with the server's --allow-origin",
                status=403,
            )


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _key_of(headers: Mapping[str, str], subprotocols: Sequence[str]) -> str | None:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "token") and value.strip():
        return value.strip()
    if scheme.lower() == "basic":
        return _password(value)
    for before, after in pairwise(subprotocols):
        if before.lower() in ("token", "bearer"):
            return after
    for each in subprotocols:
        if each.startswith(_OPENAI):
            return each.removeprefix(_OPENAI)
    return None


def _password(value: str) -> str | None:
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2] or None
    except ValueError:
        return None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
