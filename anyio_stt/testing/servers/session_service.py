"""A server's half of a protocol, as our own server speaks it, with a recogniser of words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

import numpy as np

from ...audio.frame import AudioFrame
from ...audio.wav import WAVParser
from ...events import SpeechData, SpeechEvent, SpeechEventType
from ...wire.server_session import ClientError, Command, End, Flush, Say, ServerSession
from .service import Message, Reply, Service
from .words import Recogniser, Utterance

__all__ = ("SessionService", "hear_wav")

_S = TypeVar("_S", bound=ServerSession)


class SessionService(Service, Generic[_S]):
    """
    The provider's side of one conversation in a protocol of `anyio_stt.wire`.

    Args:
        session: the protocol.
        apart: whether each channel is recognised by itself.
    """

    restarted: bool
    goodbye: int
    heard: float
    ending: bool
    done: bool

    def __init__(self, session: _S, *, apart: bool = False) -> None:
        super().__init__()
        self.session: _S = session
        """The protocol."""
        self._apart = apart
        self._recognisers: list[Recogniser] = []
        self._speaking: set[int] = set()

    def greet(self) -> Iterable[Reply]:
        """Say what the protocol says first."""
        return self.replies(self.session.greet())

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer one message."""
        self.note("audio" if isinstance(message, bytes) else message)
        return self.answers(message)

    def answers(self, message: Message) -> list[Reply]:
        """Say what the protocol answers."""
        try:
            return list(self.obey(self.commands(message)))
        except ClientError as exc:
            replies = list(self.replies(self.session.refused(exc)))
            self.goodbye, self.done = self.session.close_code, self.session.close_code != 1000
            return replies

    def commands(self, message: Message) -> Iterable[Command]:
        """Understand a message."""
        return self.session.receive(message)

    def is_final(self, message: Message) -> bool:  # noqa: ARG002
        """Whether a message of ours freezes a transcript."""
        return False

    def events(self, said: Utterance, channel: int) -> Iterator[SpeechEvent]:
        """Say what an engine would of an utterance."""
        if said.words and channel not in self._speaking:
            self._speaking.add(channel)
            start = said.words[0].start
            yield SpeechEvent(SpeechEventType.START_OF_SPEECH, time=start, channel=channel)
        final, guess = SpeechEventType.FINAL_TRANSCRIPT, SpeechEventType.INTERIM_TRANSCRIPT
        kind = final if said.final else guess
        yield SpeechEvent(kind, alternatives=[said.data], channel=channel)
        if said.endpoint:
            self._speaking.discard(channel)
            yield SpeechEvent(SpeechEventType.END_OF_SPEECH, time=said.end, channel=channel)

    def obey(self, commands: Iterable[Command]) -> Iterator[Reply]:
        """Do what the client asked for."""
        for command in commands:
            if isinstance(command, AudioFrame):
                yield from self._listen(command)
            elif isinstance(command, Say):
                yield from self.replies([command.message])
            elif isinstance(command, Flush):
                yield from self.finish()
                yield from self.replies(self.session.flushed(command))
            elif isinstance(command, End):
                self.ending = self.done = True
                yield from self.finish()
                yield from self.replies(self.session.finished())

    def _listen(self, frame: AudioFrame) -> Iterator[Reply]:
        if not self._recognisers:
            count = frame.num_channels if self._apart else 1
            self._recognisers = [Recogniser(frame.sample_rate) for _ in range(count)]
        if self.restarts(self._recognisers[0].heard):
            self.restarted = all(each.begin_anew() for each in self._recognisers)
            self.session = self.renewed() if self.restarted else self.session
        self.heard += frame.duration
        self.session.heard(frame.duration)
        samples = frame.to_array().reshape(-1, frame.num_channels)
        for channel, recogniser in enumerate(self._recognisers):
            yield from self.tell(recogniser.feed(samples[:, channel]), channel)

    def renewed(self) -> _S:
        """Return the session for a clock that has begun anew."""
        return self.session

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks."""
        return any(each.speaking for each in self._recognisers)

    def finish(self) -> Iterator[Reply]:
        """Say what is left."""
        for channel, recogniser in enumerate(self._recognisers):
            yield from self.tell(recogniser.finish(), channel)

    def tell(self, said: Iterable[Utterance], channel: int) -> Iterable[Reply]:
        """Say what was heard on a channel."""
        events = (event for each in said for event in self.events(each, channel))
        return self.replies(message for event in events for message in self.session.tell(event))

    def replies(self, messages: Iterable[Message]) -> Iterator[Reply]:
        """Make replies of messages."""
        for message in messages:
            yield Reply(message, final=self.is_final(message))


def hear_wav(file: bytes) -> tuple[list[SpeechData], float]:
    """Recognise a WAV file; return the finals that have words, and its seconds."""
    parser = WAVParser()
    samples = parser.push(file)
    assert parser.format is not None
    recogniser = Recogniser(parser.format.sample_rate)
    said = recogniser.feed(np.frombuffer(samples, dtype=np.int16))
    finals = [each for each in [*said, *recogniser.finish()] if each.final]
    return [each.data for each in finals if each.words], recogniser.heard
