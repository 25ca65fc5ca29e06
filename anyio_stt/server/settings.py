"""What a server is started with."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Literal

from .options import ServerOptions

__all__ = ("Settings", "SettingsError", "check_settings", "is_loopback")

_LOOPBACK = ("localhost", "::1", "127.")


class SettingsError(ValueError):
    """Raised when a server cannot be started like this; the message says what to change."""


@dataclass(frozen=True)
class Settings:
    """
    What was asked for.

    Args:
        backend: the event loop.
        host: where to listen.
        port: likewise; 0 for any that is free.
        options: bounds and deadlines.
        insecure: whether to listen beyond loopback where no key is asked for.
        workers: how many processes.
        wyoming: where Wyoming is spoken: `tcp://HOST:PORT` or `unix:///PATH`.
        announce: whether the network is told by mDNS of Wyoming.
        tls: paths of the certificate and its key.
        warm_up: whether engines hear something before clients come.
        worker: which of several processes this is.
        descriptors: sockets that listen already: for HTTP, and for Wyoming.
    """

    backend: Literal["asyncio", "trio"] = "asyncio"
    host: str = "127.0.0.1"
    port: int = 8000
    options: ServerOptions = field(default_factory=ServerOptions)
    insecure: bool = False
    workers: int = 1
    wyoming: str | None = None
    announce: bool = False
    tls: tuple[str, str] | None = None
    warm_up: bool = True
    worker: str = "0"
    descriptors: tuple[int, ...] = ()


def check_settings(settings: Settings) -> None:
    """
    Check that nobody comes in who should not.

    Raises:
        SettingsError: when somebody would.
    """
    if not settings.options.keys and not settings.insecure and not is_loopback(settings.host):
        raise SettingsError(
            f"without a key, only loopback is served, not {settings.host}: give a key "
            f"(ANYIO_STT_SERVER_KEYS, or --keys FILE), or --insecure to serve everybody"
        )
    if settings.tls is not None:
        _check_tls(*settings.tls)
    if settings.wyoming is None:
        if settings.announce:
            raise SettingsError(
                "--zeroconf announces only Wyoming: give --wyoming tcp://HOST:PORT too"
            )
        return
    scheme, _, rest = settings.wyoming.partition("://")
    host = rest.rpartition(":")[0].strip("[]")
    if scheme not in ("tcp", "unix") or not rest or (scheme == "tcp" and not host):
        raise SettingsError(f"--wyoming is tcp://HOST:PORT or unix:///PATH, not {settings.wyoming}")
    if scheme == "tcp" and not settings.insecure and not is_loopback(host):
        raise SettingsError(
            f"Wyoming has no keys, so whoever reaches {host} could use it: give --insecure to "
            f"allow that"
        )


def _check_tls(certificate: str, key: str) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as exc:
        raise SettingsError(f"--tls {certificate} {key}: {exc.strerror or exc}") from exc


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches *host*."""
    return host.lower().startswith(_LOOPBACK)
