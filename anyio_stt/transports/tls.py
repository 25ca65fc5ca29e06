"""Certificates, loaded once and off the event loop."""

from __future__ import annotations

import ssl
from functools import lru_cache

from anyio import to_thread

__all__ = ("system_tls", "without_tls")

_load = lru_cache(maxsize=1)(ssl.create_default_context)


async def system_tls() -> ssl.SSLContext:
    """
    Return what trusts the system's certificates; shared by all connections.

    Loading them takes long enough to be heard, so the first call does it in a thread.
    """
    if _load.cache_info().currsize:
        return _load()
    return await to_thread.run_sync(_load)


def without_tls() -> ssl.SSLContext:
    """Return what trusts nobody, for connections that are not encrypted; takes no time."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
