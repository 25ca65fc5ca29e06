"""A connection that a fault can strike."""

from __future__ import annotations

import math
import socket
import struct
from collections.abc import Callable

import anyio
from anyio.abc import ByteStream, SocketAttribute

from .faults import HABITS, Action, Fault, Moment

__all__ = ("HangUp", "Link", "PoliteClose", "Refusal")


class HangUp(Exception):
    """The connection is over."""


class PoliteClose(Exception):
    """Close as the protocol does."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Refusal(PoliteClose):
    """Answer with the fault's status."""


class Link:
    """
    One client's connection.

    Args:
        stream: the bytes.
        fault: what goes wrong here, if anything.
        on_strike: called when it does.
    """

    def __init__(
        self, stream: ByteStream, fault: Fault | None, on_strike: Callable[[], None]
    ) -> None:
        self._stream = stream
        self._on_strike = on_strike
        self._fault = fault
        self._piece = 0
        self._delay = 0.0
        self._dead = False
        self.mute: bool = False
        """Whether the recogniser says nothing any more."""
        self.duplicate: bool = False
        """Whether finals are said twice."""
        self.pings: bool = False
        """Whether each reply comes right behind a ping."""
        self.habit: Action | None = None
        """How replies are bent."""
        self._refusal_due = False
        self._garbage_due = False
        self._struck = False

    async def receive(self) -> bytes:
        """Return what the client sent next, or raise `HangUp`."""
        try:
            while self._dead:
                await self._stream.receive()
            return await self._stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError) as exc:
            raise HangUp from exc

    async def send(self, data: bytes, *, slow: bool = False) -> None:
        """Send *data*, as slowly and in as small pieces as the fault says."""
        if slow and self._delay:
            await anyio.sleep(self._delay)
        step = self._piece or max(1, len(data))
        try:
            for start in range(0, len(data), step):
                await self._stream.send(data[start : start + step])
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as exc:
            raise HangUp from exc

    def take_garbage(self) -> bool:
        """Whether a message is due that is none of the protocol's; due once."""
        due, self._garbage_due = self._garbage_due, False
        return due

    def take_refusal(self) -> bool:
        """Whether the final that is due is refused; once."""
        due, self._refusal_due = self._refusal_due, False
        return due

    async def reach(self, moment: Moment, *, heard: float = math.inf, about: bytes = b"") -> None:
        """
        Let the fault strike if this is its moment.

        Args:
            moment: where the conversation is.
            heard: seconds of audio so far.
            about: the bytes that would be sent next.
        """
        fault = self._fault
        if self._struck or fault is None or fault.at is not moment:
            return
        if moment is Moment.HEARING and heard < fault.after:
            return
        self._struck = True
        self._on_strike()
        await self._strike(fault, about)

    async def _strike(self, fault: Fault, about: bytes) -> None:
        match fault.action:
            case Action.STATUS:
                raise Refusal(fault)
            case Action.CLOSE:
                raise PoliteClose(fault)
            case Action.RESET:
                await self.send(about[: len(about) // 2])
                self._reset()
                raise HangUp
            case Action.STOP_READING:
                await anyio.sleep_forever()
            case Action.HALF_OPEN:
                self._dead = True
                await self.receive()
            case _:
                self._degrade(fault)

    def _degrade(self, fault: Fault) -> None:
        self.mute = fault.action is Action.SILENT
        self.duplicate = fault.action is Action.DUPLICATE
        self.pings = fault.action is Action.PING
        self.habit = fault.action if fault.action in HABITS else None
        self._refusal_due = fault.action is Action.REFUSE
        self._garbage_due = fault.action is Action.GARBAGE
        self._delay = fault.delay if fault.action is Action.SLOW else 0.0
        self._piece = fault.piece if fault.action is Action.CUT else 0

    def _reset(self) -> None:
        """Have the kernel send a reset when the socket is closed."""
        raw = self._stream.extra(SocketAttribute.raw_socket)
        if raw.family != getattr(socket, "AF_UNIX", None):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
