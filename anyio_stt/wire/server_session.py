"""What every server half of a protocol is: messages to commands, events to messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, Union

from ..audio.frame import AudioFrame
from ..events import SpeechEvent
from .session import Message

__all__ = (
    "ClientError",
    "Command",
    "Compressed",
    "End",
    "Flush",
    "Say",
    "ServerSession",
)


class ClientError(ValueError):
    """
    Raised when a client says what its protocol does not know, or asks for what is not served.

    Args:
        message: what is wrong, for a person.
        parameter: which parameter or field is wrong, where it is one.
        status: the HTTP status that says so.
    """

    def __init__(self, message: str, parameter: str | None = None, *, status: int = 400) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.status = status


@dataclass(frozen=True, slots=True)
class Compressed:
    """A piece of a compressed recording, such as Opus in WebM."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Flush:
    """
    What was heard is to be said now.

    Args:
        name: how the session tells this flush from others, if it does.
        waits: whether nothing is read from the client until it is answered.
    """

    name: str = ""
    waits: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """No more audio comes."""


@dataclass(frozen=True, slots=True)
class Say:
    """An answer that waits for nothing."""

    message: Message


Command: TypeAlias = Union[AudioFrame, Compressed, Flush, End, Say]
"""What a client's message tells the server to do."""


class ServerSession(ABC):
    """
    The server's half of one session.

    It turns what a client says into commands, and what a stream says into messages. It knows
    neither sockets nor time. Times in events count from the first audio of the session.
    """

    language: str | None = None
    """What is spoken, where the client said."""
    close_code: int = 1000
    """Why the connection is closed, as websockets count it."""

    patience: float = 600.0
    """Seconds that a client may say nothing, where its protocol has no word for being there."""
    sent: float = 0.0
    """Seconds of audio that the client has sent."""

    def heard(self, seconds: float) -> None:
        """Take note of so much more audio."""
        self.sent += seconds

    def greet(self) -> Iterable[Message]:
        """What to say first."""
        return ()

    @abstractmethod
    def receive(self, message: Message) -> Iterable[Command]:
        """
        Understand one message.

        Raises:
            ClientError: when the protocol does not know it.
        """

    @abstractmethod
    def tell(self, event: SpeechEvent) -> Iterable[Message]:
        """What to say of an event."""

    def flushed(self, flush: Flush) -> Iterable[Message]:  # noqa: ARG002
        """What to say when all that was heard before *flush* is said."""
        return ()

    def covered(self, until: float) -> Iterable[Message]:  # noqa: ARG002
        """What to say when everything before *until* is said, or was silence."""
        return ()

    def lost(self, start: float, end: float) -> Iterable[Message]:  # noqa: ARG002
        """What to say of audio between *start* and *end* that could not be recognised."""
        return ()

    def finished(self) -> Iterable[Message]:
        """What to say after everything."""
        return ()

    @abstractmethod
    def refused(self, error: ClientError) -> Iterable[Message]:
        """What to say of a message that was not understood; `close_code` says if it ends."""

    @abstractmethod
    def failed(self, reason: str) -> Iterable[Message]:
        """What to say when the engine fails; the connection is closed after it."""
