"""A server that speaks Vosk's protocol."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np

from .faults import Action
from .service import Message, Reply, Service
from .web import WebRequest, WebResponse, WebServer
from .words import Recogniser, Utterance

__all__ = ("VoskServer", "VoskService")


class VoskServer(WebServer):
    """Speaks the protocol of vosk-server: one answer to each piece of audio."""

    def admits(self, _: WebRequest) -> bool:
        """Admit everybody: Vosk knows no keys."""
        return True

    def start_service(self, _: WebRequest) -> VoskService:
        """Begin a stream."""
        return VoskService()

    def respond(self, _: WebRequest) -> WebResponse:
        """Refuse: there is no REST."""
        return WebResponse((b"websocket only",), "text/plain", 426)


class VoskService(Service):
    """Vosk's side of one stream."""

    restarted: bool
    heard: float
    ending: bool
    done: bool
    goodbye: int

    def __init__(self) -> None:
        super().__init__()
        self._rate = 16000
        self._recogniser = Recogniser(self._rate)

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer audio, and the commands."""
        if isinstance(message, bytes):
            self.note("audio")
            samples = np.frombuffer(message, dtype=np.int16)
            self.heard += len(samples) / self._rate
            if self.restarts(self._recogniser.heard):
                self.restarted = self._recogniser.begin_anew()
            return [self._answer(self._recogniser.feed(samples))]
        self.note(message)
        body = json.loads(message)
        if "config" in body:
            self._rate = int(body["config"]["sample_rate"])
            self._recogniser = Recogniser(self._rate)
            return []
        if "reset" in body and self.habit is Action.NO_FLUSH:
            self.done, self.goodbye = True, 1011  # what is published trips over it
            return []
        self.ending = self.done = "eof" in body
        finals = self._recogniser.finish()
        return [self._answer(finals or [Utterance((), 0.0, 0.0, final=True)])]

    def _answer(self, said: list[Utterance]) -> Reply:
        finals = [each for each in said if each.final]
        if not finals:
            quiet = self.habit is Action.COUGHS and not self._recogniser.speaking
            guess = said[-1].text if said else "huh" if quiet else ""
            return Reply(json.dumps({"partial": guess}))
        late = 0.3 if self.habit is Action.TWO_CLOCKS else 0.0
        words = [word for each in finals for word in each.words]
        result = [
            {"conf": 1.0, "start": late + word.start, "end": late + word.end, "word": word.text}
            for word in words
        ]
        text = " ".join(word.text for word in words)
        return Reply(json.dumps({"text": text, "result": result}), final=bool(words))
