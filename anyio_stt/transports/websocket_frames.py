"""What a client's message looks like on the wire; audio is most of what is sent."""

from __future__ import annotations

import os
from collections.abc import Iterator

__all__ = ("client_frame", "masks")

_TEXT, _BINARY = 0x81, 0x82  # and this frame is the whole message
_MASKED = 0x80
_AT_ONCE = 64


def masks() -> Iterator[bytes]:
    """Give masks that nobody can predict; to ask the system for each one costs a call each."""
    while True:
        noise = os.urandom(4 * _AT_ONCE)
        yield from (noise[at : at + 4] for at in range(0, len(noise), 4))


def client_frame(message: str | bytes, mask: bytes) -> bytes:
    """
    Write *message* as one masked frame, without extensions (RFC 6455, section 5.2).

    wsproto can do it too, in several times the time: it masks byte by byte. Here the mask is one
    long number, as the message is.
    """
    payload = message.encode() if isinstance(message, str) else message
    size = len(payload)
    if size < 126:
        length = bytes((_MASKED | size,))
    elif size < 1 << 16:
        length = bytes((_MASKED | 126,)) + size.to_bytes(2, "big")
    else:
        length = bytes((_MASKED | 127,)) + size.to_bytes(8, "big")
    key = (mask * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")
    kind = _TEXT if isinstance(message, str) else _BINARY
    return b"".join((bytes((kind,)), length, mask, masked.to_bytes(size, "little")))
