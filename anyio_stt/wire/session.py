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

    It turns what happens to a stream into messages, and messages into events. It knows neither
    sockets nor time, so its tests need neither. Whatever a peer sends, nothing but events and an
    `APIError` comes of it.

    Args:
        start: where on the attempt's clock this session begins, in seconds; 0 unless the
            attempt moved on to a new connection.
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
        """What to say first."""
        return ()

    @abstractmethod
    def audio(self, frame: AudioFrame) -> Iterable[Message]:
        """What to say for *frame*; call `super().audio()` to have it counted."""
        self.sent += frame.duration
        self._unanswered.append(frame)
        return ()

    def flush(self) -> Iterable[Message]:
        """What to say where the caller flushed."""
        return ()

    @abstractmethod
    def ending(self) -> Iterable[Message]:
        """What to say after the last audio; a flush right before it is left out."""

    def keep_alive(self) -> Iterable[Message]:
        """What to say when there is nothing to say."""
        return ()

    def pong(self) -> bool:
        """
        Whether the answer to a ping is a sign of life now.

        It is while nobody speaks; of speech a provider has something to say.
        """
        return all(map(is_silent, self._unanswered))

    def unheard(self) -> list[AudioFrame]:
        """What was sent and is to be sent again, by a provider that answered before it heard it."""
        return []

    def receive(self, message: Message) -> list[SpeechEvent]:
        """
        Make events of what the provider sent; their times are in order and within the audio.

        Raises:
            APIError: when it reports a failure, or says what its protocol does not know.
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
        Make events of one message; what it lacks may raise as Python raises it.

        Raises:
            APIError: when the provider reports a failure.
        """

    def closed(self) -> Iterable[SpeechEvent]:
        """
        Take note that the provider closed the connection without complaint.

        Returns what follows from that, where a close says that something is final.

        Raises:
            APIConnectionError: when there was more to say.
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
        """Who the provider is, for errors."""
        return type(self).__name__.removesuffix("Session")

    def malformed(self, message: Message, why: str) -> APIConnectionError:
        """Make the error for a message that is none of the protocol's."""
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


def believed(text: str, guess: str) -> str:
    """Return the text of an utterance, or what was said of it bit by bit if that is empty."""
    return text.strip() or guess.strip()
