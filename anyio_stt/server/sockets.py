"""Sockets that listen, and that give up on peers that have gone."""

from __future__ import annotations

import os
import socket
import stat

from .settings import SettingsError

__all__ = ("listen_tcp", "listen_unix", "tune")

_BACKLOG = 1024
_KEEP_ALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}


def listen_tcp(host: str, port: int, *, give_up: float, shared: bool = False) -> socket.socket:
    """
    Listen on a port.

    Args:
        host: a name or address.
        port: 0 for any that is free.
        give_up: seconds that a peer may leave what it was sent unread.
        shared: whether others of this user may listen there too.

    Raises:
        SettingsError: when that is not possible.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as exc:
        raise SettingsError(f"{host}:{port}: {exc.strerror}") from exc
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tune(listener, give_up)
        if shared and hasattr(socket, "SO_REUSEPORT"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as exc:
        listener.close()
        raise SettingsError(f"{host}:{port}: {exc.strerror}") from exc
    listener.setblocking(False)
    return listener


def tune(listener: socket.socket, give_up: float) -> None:
    """
    Let the system end connections whose peers are gone or do not read; those accepted inherit it.

    An event loop cannot: some servers finish a send however long it takes.
    """
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(give_up * 1000))


def listen_unix(path: str) -> socket.socket:
    """
    Listen at *path*; what another server left there is replaced.

    Raises:
        SettingsError: when that is not possible.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)
        listener.bind(path)
        listener.listen(_BACKLOG)
    except OSError as exc:
        listener.close()
        raise SettingsError(f"{path}: {exc.strerror}") from exc
    listener.setblocking(False)
    return listener
