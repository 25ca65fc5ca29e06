"""What bounds a websocket."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

__all__ = ("WebSocketOptions",)


@dataclass(frozen=True, slots=True)
class WebSocketOptions:
    """
    Deadlines in seconds, and bounds.

    Args:
        connect_timeout: for name, proxy, TCP, TLS and handshake together.
        send_timeout: for one message; longer means the peer has stopped reading.
        close_timeout: for the peer's answer to our close.
        ping_interval: silence of the peer after which it is pinged.
        ping_timeout: further silence after which it counts as lost. Any byte is an answer.
        max_message: bytes a message of the peer may have.
        compression: whether to offer permessage-deflate; audio gains nothing by it.
        tls: certificates; the system's if there is none.
    """

    connect_timeout: float = 10.0
    send_timeout: float = 10.0
    close_timeout: float = 2.0
    ping_interval: float = 20.0
    ping_timeout: float = 20.0
    max_message: int = 16 * 1024 * 1024
    compression: bool = False
    tls: ssl.SSLContext | None = field(default=None, repr=False)
