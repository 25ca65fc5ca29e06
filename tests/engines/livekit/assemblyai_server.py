"""A server that speaks AssemblyAI's streaming protocol, version 3."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from anyio_stt.testing.servers.service import Message, Reply, Service
from anyio_stt.testing.servers.web import WebRequest, WebResponse, WebServer
from anyio_stt.testing.servers.words import HeardWord, Recogniser, Utterance

__all__ = ("AssemblyAIServer",)


class AssemblyAIServer(WebServer):
    """Speaks `/v3/ws`."""

    def admits(self, request: WebRequest) -> bool:
        return request.headers.get("authorization") == self.api_key

    def start_service(self, request: WebRequest) -> Service:
        return AssemblyAIService(int(dict(request.query)["sample_rate"]))

    def respond(self, request: WebRequest) -> WebResponse:
        return WebResponse((b"streams only",), "text/plain", 404)


class AssemblyAIService(Service):
    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self._rate = sample_rate
        self._recogniser = Recogniser(sample_rate)
        self._speaking = False

    def greet(self) -> Iterable[Reply]:
        return [_reply(type="Begin", id="session-1", expires_at=0)]

    def hear(self, message: Message) -> Iterable[Reply]:
        if isinstance(message, bytes):
            self.note("audio")
            samples = np.frombuffer(message, dtype=np.int16)
            self.heard += len(samples) / self._rate
            return self._turns(self._recogniser.feed(samples))
        self.note(message)
        if json.loads(message)["type"] != "Terminate":
            return []
        self.ending = self.done = True
        goodbye = _reply(type="Termination", audio_duration_seconds=self.heard)
        return [*self._turns(self._recogniser.finish()), goodbye]

    def _turns(self, said: Iterable[Utterance]) -> list[Reply]:
        replies = []
        for each in said:
            if not each.words:
                continue
            if not self._speaking:
                self._speaking = True
                onset = round(each.words[0].start * 1000)
                replies.append(_reply(type="SpeechStarted", timestamp=onset))
            replies.append(_turn(each))
            self._speaking = not each.final
        return replies


def _turn(said: Utterance) -> Reply:
    return _reply(
        final=said.final,
        type="Turn",
        words=[_word(word) for word in said.words],
        transcript=said.text if said.final else "",
        utterance="",
        end_of_turn=said.final,
        end_of_turn_confidence=1.0 if said.final else 0.2,
        turn_is_formatted=said.final,
    )


def _word(word: HeardWord) -> dict[str, Any]:
    start, end = round(word.start * 1000), round(word.end * 1000)
    return {"text": word.text, "start": start, "end": end, "confidence": 0.9}


def _reply(*, final: bool = False, **message: Any) -> Reply:
    return Reply(json.dumps(message), final=final)
