"""What a client's message looks like on the wire; audio is most of what is sent."""

from __future__ import annotations

import os

__all__ = ("client_frame",)

_TEXT, _BINARY = 0x81, 0x82  # and this frame is the whole message
_MASKED = 0x80


def client_frame(message: str | bytes) -> bytes:
    """
    Write *message* as one masked frame, without extensions (RFC 6455, section 5.2).

    wsproto can do it too, in several times the time: it masks byte by byte. Here the mask is one
    long number, as the message is.
    """
    payload = message.encode() if isinstance(message, str) else message
    size, mask = len(payload), os.urandom(4)
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
