"""What every client half of a protocol is: audio to messages, messages to events."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, TypeAlias, Union

from ..audio.frame import AudioFrame
from ..events import SpeechEvent
from ..exceptions import APIConnectionError

__all__ = ("ClientSession", "Message", "json_object", "longer_guess")

_MAX_GUESS = 256 * 1024

Message: TypeAlias = Union[str, bytes]
"""One message on the wire: text or binary."""


class ClientSession(ABC):
    """
    The client's half of one session, from the opening of a connection to its end.

    It turns what happens to a stream into messages, and messages into events. It knows neither
    sockets nor time, so its tests need neither.

    Args:
        start: where on the attempt's clock this session begins, in seconds; 0 unless the
            attempt moved on to a new connection.
    """

    keep_alive_interval: float = math.inf
    """Seconds without a message from us after which the provider wants a `keep_alive`."""
    pongs_count: bool = False
    """Whether the answer to a ping is a sign of life now: true while the provider owes no other."""

    def __init__(self, start: float) -> None:
        self.start = start
        self.sent: float = start
        """Seconds of audio said to the provider, on the attempt's clock."""
        self.ready: bool = True
        """Whether the provider takes audio now."""
        self.quiet: bool = True
        """Whether nobody speaks, as far as the provider has said."""
        self.over: bool = False
        """Whether the protocol takes no more audio on this connection."""
        self.done: bool = False
        """Whether the provider has said all it will say."""
        self.silences: list[tuple[float, int | None]] = []
        """Where audio ends that the provider has nothing to say of, and on which channel; whoever
        runs the session takes them out."""

    def opening(self) -> Iterable[Message]:
        """What to say first."""
        return ()

    @abstractmethod
    def audio(self, frame: AudioFrame) -> Iterable[Message]:
        """What to say for *frame*; call `super().audio()` to have it counted."""
        self.sent += frame.duration
        return ()

    def flush(self) -> Iterable[Message]:
        """What to say where the caller flushed."""
        return ()

    @abstractmethod
    def ending(self) -> Iterable[Message]:
        """What to say after the last audio."""

    def keep_alive(self) -> Iterable[Message]:
        """What to say when there is nothing to say."""
        return ()

    def receive(self, message: Message) -> list[SpeechEvent]:
        """
        Make events of what the provider sent.

        Raises:
            APIError: when it reports a failure, or says what its protocol does not know.
        """
        try:
            return list(self.decode(json_object(message)))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as exc:
            raise self.garbage(message, exc) from exc

    @abstractmethod
    def decode(self, body: dict[str, Any]) -> Iterable[SpeechEvent]:
        """
        Make events of one message; what it lacks may raise as Python raises it.

        Raises:
            APIError: when the provider reports a failure.
        """

    def closed(self) -> None:
        """
        Take note that the provider closed the connection without complaint.

        Raises:
            APIConnectionError: when there was more to say.
        """
        if not self.done:
            raise APIConnectionError(
                f"{self.name} closed the connection before it had said everything"
            )

    @property
    def name(self) -> str:
        """Who the provider is, for errors."""
        return type(self).__name__.removesuffix("Session")

    def garbage(self, message: Message, why: object) -> APIConnectionError:
        """Make the error for a message that is none of the protocol's."""
        shown = message[:80]
        return APIConnectionError(
            f"{self.name} sent what its protocol does not know ({why}): {shown!r}"
        )


def json_object(message: Message) -> dict[str, Any]:
    """
    Read a JSON object.

    Raises:
        ValueError: when it is none.
    """
    value = json.loads(message)
    if not isinstance(value, dict):
        raise ValueError(f"a JSON object was expected, not {type(value).__name__}")
    return value


def longer_guess(provider: object, guess: str, more: str) -> str:
    """
    Append to the guess of an utterance what a provider that says it bit by bit adds.

    Raises:
        APIConnectionError: final, when there is no end to it.
    """
    if len(guess) + len(more) > _MAX_GUESS:
        raise APIConnectionError(
            f"{provider} sent more than {_MAX_GUESS} characters of one utterance and did not "
            f"finish it; check the model, or flush() more often",
            retryable=False,
        )
    return guess + more
