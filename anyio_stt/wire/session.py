"""Every client half of a protocol: audio to messages, messages to events."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeAlias, Union

from ..audio.frame import AudioFrame
from ..events import SpeechEvent, SpeechEventType
from ..exceptions import APIConnectionError, APIError
from .fields import fitted, json_object, reason_of
from .pauses import is_silent

__all__ = ("ClientSession", "Message", "Refusal", "believed", "longer_guess")

_MAX_GUESS = 256 * 1024
_SHOWN = 80
_REMEMBERED = 600  # frames since the provider last said something
_LEAST = 0.001  # seconds that a transcript covers at least: 0 means that there is no clock

Message: TypeAlias = Union[str, bytes]
"""One message on the wire: text or binary."""
Refusal: TypeAlias = tuple[APIError, float, float]
"""Why a stretch of audio was refused for good, where it begins and where it ends."""


class ClientSession(ABC):
    """
    The client's half of one session, from the opening of a connection to its end.

    It turns audio, flushes and the end into messages, and messages into events. It knows neither
    sockets nor time, so its tests need neither. Whatever a peer sends becomes events or an
    `APIError`.

    Args:
        start: where in the attempt this session begins, in seconds; 0 for the first connection.
    """

    keep_alive_interval: float = math.inf
    """Seconds without a message from us after which the provider wants a `keep_alive`."""

    def __init__(self, start: float) -> None:
        self.start = start
        self.sent: float = start
        """Seconds of audio said to the provider, on the attempt's clock."""
        self.number: int = 1
        """Which of the stream's sessions this is: labels that count anew in each one carry it."""
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
        runs the session takes them out, as with what follows."""
        self.refusals: list[Refusal] = []
        """What the provider refuses to transcribe, however often it is asked."""
        self._unanswered: deque[AudioFrame] = deque(maxlen=_REMEMBERED)

    def opening(self) -> Iterable[Message]:
        """The first messages."""
        return ()

    @abstractmethod
    def audio(self, frame: AudioFrame) -> Iterable[Message]:
        """The messages for *frame*; call `super().audio()` to count it."""
        self.sent += frame.duration
        self._unanswered.append(frame)
        return ()

    def flush(self) -> Iterable[Message]:
        """The messages for a flush."""
        return ()

    @abstractmethod
    def ending(self) -> Iterable[Message]:
        """The messages after the last audio; a flush right before it is left out."""

    def keep_alive(self) -> Iterable[Message]:
        """The messages that keep an idle connection open."""
        return ()

    def pong(self) -> bool:
        """
        Whether a pong counts as a sign of life now.

        It does while nobody speaks; for speech, a provider has to send something.
        """
        return all(map(is_silent, self._unanswered))

    def unheard(self) -> list[AudioFrame]:
        """Audio to send again, to a provider that answered before it had read it."""
        return []

    def receive(self, message: Message) -> list[SpeechEvent]:
        """
        Make events of what the provider sent; their times are in order and within the audio.

        Raises:
            APIError: when it reports a failure, or breaks the protocol.
        """
        self._unanswered.clear()
        try:
            return [self._fitted(event) for event in self.decode(json_object(message))]
        except APIError:
            raise
        except Exception as exc:  # noqa: BLE001 - a peer can make any of them, by what it sends
            why = reason_of(exc)
        raise self.malformed(
            message, why
        ) from None  # out here, so that our own sentence is its own cause

    @abstractmethod
    def decode(self, body: dict[str, Any]) -> Iterable[SpeechEvent]:
        """
        Make events of one message; a missing field may raise what Python raises.

        Raises:
            APIError: when the provider reports a failure.
        """

    def closed(self) -> Iterable[SpeechEvent]:
        """
        Handle that the provider closed the connection in order.

        Returns the events that follow, if the close makes something final.

        Raises:
            APIConnectionError: when an answer was still due.
        """
        if not self.done:
            raise APIConnectionError(
                f"{self.name} closed the connection before it had said everything"
            )
        return ()

    def lost(self) -> None:  # noqa: B027 - most need not know
        """Take note that the connection broke, or was closed with a complaint."""

    @property
    def name(self) -> str:
        """The provider's name, for errors."""
        return type(self).__name__.removesuffix("Session")

    def malformed(self, message: Message, why: str) -> APIConnectionError:
        """Make the error for a message that breaks the protocol."""
        return APIConnectionError(
            f"the server answered {message[:_SHOWN]!r}, which is not a message of {self.name}'s "
            f"protocol ({why}): is base_url the address of such a server?"
        )

    def _fitted(self, event: SpeechEvent) -> SpeechEvent:
        event = fitted(event, self.start, self.sent)
        final = event.type is SpeechEventType.FINAL_TRANSCRIPT
        if not final or not event.alternatives or event.alternatives[0].end_time > 0:
            return event
        if self.sent <= 0:
            raise ValueError("a transcript of no audio")
        best, *others = event.alternatives
        return replace(event, alternatives=[replace(best, end_time=_LEAST), *others])


def longer_guess(provider: object, guess: str, more: str) -> str:
    """
    Append a piece to the guess of an utterance that arrives piece by piece.

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


def believed(text: str, guess: str) -> str:
    """Return the text of an utterance, or the pieces of it that came before if that is empty."""
    return text.strip() or guess.strip()
