"""A request whose answer may come before the whole of it was read."""

from __future__ import annotations

import anyio
from starlette.types import Message, Receive, Send

__all__ = ("Exchange",)


class Exchange:
    """
    Reads what is left of a request before it is answered.

    A server that answers and hangs up on unread bytes resets the connection, and many clients
    then lose the answer.

    Args:
        receive: of the request.
        send: likewise.
        most: how many bytes are read at most.
        timeout: how long that may take, in seconds.
    """

    def __init__(self, receive: Receive, send: Send, *, most: int, timeout: float) -> None:
        self._receive = receive
        self._send = send
        self._left = most
        self._timeout = timeout
        self._whole = False

    async def receive(self) -> Message:
        """Return the next part of the request."""
        message = await self._receive()
        self._whole = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start" and not self._whole:
            with anyio.move_on_after(self._timeout):
                while not self._whole and self._left > 0:
                    await self.receive()
        await self._send(message)
