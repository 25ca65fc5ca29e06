"""A server that speaks Soniox's real-time protocol."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from anyio_stt.testing.servers.service import Message, Reply, Service
from anyio_stt.testing.servers.web import WebRequest, WebResponse, WebServer
from anyio_stt.testing.servers.words import HeardWord, Recogniser, Utterance

__all__ = ("SonioxServer",)


class SonioxServer(WebServer):
    """Speaks `/transcribe-websocket`."""

    def admits(self, request: WebRequest) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.api_key}"

    def start_service(self, request: WebRequest) -> Service:
        return SonioxService()

    def respond(self, request: WebRequest) -> WebResponse:
        return WebResponse((b"streams only",), "text/plain", 404)


class SonioxService(Service):
    """Commits an utterance at a pause; a client that sends an empty frame gets the rest."""

    def __init__(self) -> None:
        super().__init__()
        self._rate = 0
        self._recogniser = Recogniser(16000)

    def hear(self, message: Message) -> Iterable[Reply]:
        if isinstance(message, str):
            self.note(message)
            return self._obey(json.loads(message))
        if not message:
            self.ending = self.done = True
            goodbye = self._reply([], finished=True)
            return [*map(self._told, self._recogniser.finish()), goodbye]
        self.note("audio")
        samples = np.frombuffer(message, dtype=np.int16)
        self.heard += len(samples) / self._rate
        said = self._recogniser.feed(samples)
        return [self._told(each) for each in said] or [self._reply([])]

    def _obey(self, message: dict[str, Any]) -> list[Reply]:
        if "model" in message:
            self._rate = message["sample_rate"]
            self._recogniser = Recogniser(self._rate)
        elif message["type"] == "finalize":
            return [self._told(each, "<fin>") for each in self._recogniser.finish()]
        return []

    def _told(self, said: Utterance, mark: str = "<end>") -> Reply:
        tokens = [_token(word, place, said.final) for place, word in enumerate(said.words)]
        if said.final and said.words:
            tokens.append({"text": mark, "is_final": True})
        return self._reply(tokens, final=said.final and bool(said.words))

    def _reply(self, tokens: list[dict[str, Any]], *, final: bool = False, **more: Any) -> Reply:
        processed = round(self.heard * 1000)
        body = {"tokens": tokens, "total_audio_proc_ms": processed, **more}
        return Reply(json.dumps(body), final=final)


def _token(word: HeardWord, place: int, final: bool) -> dict[str, Any]:
    return {
        "text": f" {word.text}" if place else word.text,
        "start_ms": round(word.start * 1000),
        "end_ms": round(word.end * 1000),
        "confidence": 0.9,
        "is_final": final,
        "language": "en",
    }
