"""What the servers of one-connection protocols have in common: a recogniser that answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias, Union

from .faults import Action, Moment
from .link import Link

__all__ = ("Framing", "Message", "Reply", "Service", "answer")

_RESTART_AFTER = 2.0  # seconds

Message: TypeAlias = Union[str, bytes]
Framing: TypeAlias = Callable[[Message], bytes]


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to the client; `final` where it freezes a transcript."""

    message: Message
    final: bool = False


class Service(ABC):
    """
    The provider's side of one conversation, without input or output.

    It keeps what it was told in `log`: text messages as they came, and for audio one entry
    `audio` in a row.
    """

    garbage: Message = '{"type": garbage'
    foreign: Message = '{"answer": 42}'
    """A message of another protocol."""
    habit: Action | None = None
    """What it does in its own way, on the whole connection."""
    restarted: bool = False
    """Whether its clock has begun again."""
    goodbye: int = 1000  # the close code when it is done; 1005 for none
    heard: float
    ending: bool
    done: bool

    def __init__(self) -> None:
        self.heard = 0.0
        self.ending = self.done = False
        self.log: list[str] = []
        self.first: Message = ""
        """The first message of the client."""

    def greet(self) -> Iterable[Reply]:
        """What to say first."""
        return ()

    @abstractmethod
    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer one message."""

    def restarts(self, heard: float) -> bool:
        """Whether it is time that the clock of a recogniser begins again."""
        late = self.habit is Action.CLOCK_RESTARTS and not self.restarted
        return late and heard > _RESTART_AFTER

    def bent(self, replies: Iterable[Reply]) -> Iterable[Reply]:
        """What `habit` makes of replies; called with none, too."""
        return replies

    def refusal(self, reply: Reply) -> Reply:
        """What to say in place of a final that is refused for good; itself if there is no word."""
        return reply

    def note(self, entry: str) -> None:
        """Write into the log."""
        if entry != "audio" or self.log[-1:] != ["audio"]:
            self.log.append(entry)


async def answer(link: Link, service: Service, replies: Iterable[Reply], framing: Framing) -> None:
    """
    Send replies, with what the fault makes of them.

    Args:
        link: the client's connection.
        service: who says them.
        replies: what is to be said.
        framing: from a message to bytes.
    """
    if service.heard or service.ending:
        moment = Moment.DRAINING if service.ending else Moment.HEARING
        await link.reach(moment, heard=service.heard)
    if link.habit is Action.FOREIGN:
        await link.send(framing(service.foreign))
        link.habit = None
    for reply in service.bent(replies):
        data = framing(reply.message)
        if reply.final:
            await link.reach(Moment.FINAL, about=data)
            if link.take_refusal():
                data = framing(service.refusal(reply).message)
        if link.take_garbage():
            await link.send(framing(service.garbage))
        if link.mute:
            return
        await link.send(data, slow=True)
        if reply.final and link.duplicate:
            await link.send(framing(reply.message))
    if link.take_garbage():
        await link.send(framing(service.garbage))
