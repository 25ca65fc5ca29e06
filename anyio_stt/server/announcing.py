"""Telling the network of a server by mDNS; needs `zeroconf`."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from anyio import to_thread

__all__ = ("announced_as_wyoming",)

_TYPE = "_wyoming._tcp.local."


@asynccontextmanager
async def announced_as_wyoming(listening: socket.socket | None) -> AsyncGenerator[None, None]:
    """
    Announce a Wyoming server for the time of the block; `None` announces nothing.

    Raises:
        ImportError: when `zeroconf` is not installed.
    """
    if listening is None:
        yield
        return
    try:
        from zeroconf import ServiceInfo, Zeroconf
    except ImportError as exc:
        raise ImportError(
            "--zeroconf needs zeroconf, which is not installed: pip install 'anyio-stt[server]'",
            name="zeroconf",
        ) from exc
    host, port = listening.getsockname()[:2]
    addresses = [socket.inet_aton(_address_of(host))] if ":" not in host else []
    described = ServiceInfo(
        _TYPE,
        f"anyio-stt-{port}.{_TYPE}",
        addresses=addresses,
        port=port,
        server="anyio-stt.local.",
    )
    announcer = await to_thread.run_sync(Zeroconf)
    try:
        await to_thread.run_sync(announcer.register_service, described)
        yield
    finally:
        with anyio.move_on_after(10, shield=True):
            await to_thread.run_sync(announcer.close, abandon_on_cancel=True)


def _address_of(host: str) -> str:
    if host != "0.0.0.0":
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent; it says which way out is
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
