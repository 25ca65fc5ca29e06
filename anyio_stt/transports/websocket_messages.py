"""A websocket message out of its pieces."""

from __future__ import annotations

from typing import Any

from wsproto.events import Message, TextMessage

__all__ = ("MessageAssembly",)

_PIECE = 64  # bytes of memory that a piece takes beyond what it holds


class MessageAssembly:
    """
    Puts the pieces of a message together.

    Args:
        most: bytes that a message may have; each piece counts a little more than it holds, else
            pieces of nothing would cost nothing.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._parts: list[str | bytes] = []
        self._size = 0

    def add(self, event: Message[Any]) -> str | bytes | None:
        """
        Take one piece, and return the message if it was the last.

        Raises:
            OverflowError: when there is too much of it.
        """
        if event.message_finished and not self._parts and len(event.data) <= self._most:
            return event.data if isinstance(event, TextMessage) else bytes(event.data)
        self._size += len(event.data) + _PIECE
        if self._size > self._most + _PIECE:
            raise OverflowError(
                f"sent a message of more than {self._most} bytes (max_message), or in too many "
                f"pieces"
            )
        self._parts.append(event.data)
        if not event.message_finished:
            return None
        parts, self._parts, self._size = self._parts, [], 0
        if isinstance(event, TextMessage):
            return "".join(part for part in parts if isinstance(part, str))
        return b"".join(part for part in parts if not isinstance(part, str))
