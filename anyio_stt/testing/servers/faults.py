"""What a fault server does wrong, and when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ("HABITS", "Action", "Fault", "Moment")


class Moment(str, Enum):
    """When a fault happens."""

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

    # ---- habits, of the whole connection: what providers do now and then, and servers that copy
    # ---- them always; each in the protocols where it can be (`Service.habits`)
    NO_ENDS = "no ends"
    """Nothing marks where speech ends."""
    COUGHS = "coughs"
    """Silence begins like speech, with a start or a guess, and comes to nothing."""
    LATE_FINALS = "late finals"
    """A final comes when the next utterance has begun."""
    TWO_SPEAKERS = "two speakers"
    """Each final has words of two speakers, who are counted from 0."""
    TOKENS = "tokens"
    """Finals are charged for in tokens."""
    OLD_ENDS = "old ends"
    """Speech that goes on is ended by the words before those that were guessed."""
    CLOCK_RESTARTS = "clock restarts"
    """In a pause, times begin at 0 again."""
    UNASKED = "unasked"
    """Utterances are answered where they end, and nothing is heard after that."""
    EARLY_GOODBYES = "early goodbyes"
    """What says goodbye is said at the beginning, and after each flush."""
    NO_FLUSH = "no flush"
    """Flushes are taken for errors, and the connection is closed."""
    DUMB_PAUSES = "dumb pauses"
    """Of silence nothing is said."""
    EMPTY_TEXTS = "empty texts"
    """The words come bit by bit, and the text of the whole is empty."""
    COMPLAINTS = "complaints"
    """Errors are reported that are none: something is there already."""
    TWO_CLOCKS = "two clocks"
    """The times of words are 0.3 s later than those of what they are words of."""
    FOREIGN = "foreign"
    """The first answer is of another protocol."""


HABITS = frozenset(list(Action)[list(Action).index(Action.NO_ENDS) :])
"""Those that bend what is said, as long as the connection lasts."""


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
