"""What a fault server does wrong, and when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ("Action", "Fault", "Moment")


class Moment(str, Enum):
    """Where in a conversation a fault strikes."""

    OPENING = "opening"
    """The client has connected; the server has answered nothing yet."""
    OPENED = "opened"
    """The connection is accepted; no audio has come."""
    HEARING = "hearing"
    """Audio is coming; `Fault.after` seconds of it came on this connection."""
    FINAL = "final"
    """A final is about to be said."""
    DRAINING = "draining"
    """The client has said that no more audio comes."""


class Action(str, Enum):
    """What goes wrong."""

    STATUS = "status"
    """The request is answered with an HTTP status (at OPENING; protocols without one close)."""
    CLOSE = "close"
    """The connection is closed politely, with a close code where the protocol has them."""
    RESET = "reset"
    """The connection is reset; at FINAL, after half of the final's bytes."""
    SILENT = "silent"
    """The recogniser says nothing from now on; pings are answered."""
    HALF_OPEN = "half open"
    """Everything is read, nothing is answered, not even pings."""
    STOP_READING = "stop reading"
    """Nothing is read and nothing is answered."""
    SLOW = "slow"
    """Each reply comes `delay` seconds late."""
    DUPLICATE = "duplicate"
    """Each final is said twice."""
    GARBAGE = "garbage"
    """One message is sent that is none of the protocol's."""
    CUT = "cut"
    """Replies go out in pieces of `piece` bytes."""
    PING = "ping"
    """The client is pinged right before each reply and before the close (over a websocket)."""
    REFUSE = "refuse"
    """The next final is refused for good in its place (where the protocol has a word for it)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One fault.

    Args:
        action: what goes wrong.
        at: when.
        after: for HEARING, seconds of audio of this connection.
        status: for STATUS.
        retry_after: for STATUS, the `Retry-After` header.
        code: for CLOSE, the close code.
        reason: for CLOSE.
        delay: for SLOW, in seconds.
        piece: for CUT, in bytes.
    """

    action: Action
    at: Moment = Moment.OPENING
    after: float = 0.0
    status: int = 500
    retry_after: str | None = None
    code: int = 1011
    reason: str = "a fault on purpose"
    delay: float = 0.05
    piece: int = 1

    def __str__(self) -> str:
        detail = {Action.STATUS: self.status, Action.CLOSE: self.code}.get(self.action)
        return f"{self.action.value}{'' if detail is None else f' {detail}'} at {self.at.value}"
