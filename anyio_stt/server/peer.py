"""The way to a client that has a stream open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ..wire.server_session import Command
from ..wire.session import Message

__all__ = ("Peer", "PeerGone")


class PeerGone(Exception):
    """Raised when the client has gone."""


class Peer(Protocol):
    """The way to a client."""

    async def receive(self) -> Iterable[Command]:
        """Return what the next message tells us to do; raises `PeerGone` or `ClientError`."""
        ...

    async def send(self, message: Message) -> None:
        """Send a message; raises `PeerGone`."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Hang up."""
        ...
