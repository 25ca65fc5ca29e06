"""A server that speaks Vosk's protocol."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ...wire.vosk_server import VoskServerSession
from .faults import Action
from .service import Message, Reply
from .session_service import SessionService
from .web import WebRequest, WebServer

__all__ = ("VoskServer", "VoskService")

_LATER = 0.3  # seconds by which words are late where there are two clocks


class VoskServer(WebServer):
    """Speaks the protocol of vosk-server: one answer to each piece of audio."""

    def start_service(self, _: WebRequest) -> VoskService:
        """Begin a stream."""
        return VoskService()


class VoskService(SessionService[VoskServerSession]):
    """Vosk's side of one stream."""

    done: bool
    goodbye: int

    def __init__(self) -> None:
        super().__init__(VoskServerSession())

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer audio and commands, or trip over a flush as what is published does."""
        if self.habit is Action.NO_FLUSH and "reset" in str(message):
            self.note(str(message))
            self.done, self.goodbye = True, 1011
            return []
        return super().hear(message)

    def is_final(self, message: Message) -> bool:
        """Whether it is a result with words."""
        return bool(json.loads(message).get("text"))

    def bent(self, replies: Iterable[Reply]) -> Iterator[Reply]:
        """Guess what nobody said, or shift the words."""
        for reply in replies:
            body = json.loads(reply.message)
            if self.habit is Action.COUGHS and body.get("partial") == "" and not self.speaking:
                body["partial"] = "huh"
            elif self.habit is Action.TWO_CLOCKS:
                for word in body.get("result", ()):
                    word["start"], word["end"] = word["start"] + _LATER, word["end"] + _LATER
            yield Reply(json.dumps(body), final=reply.final)
