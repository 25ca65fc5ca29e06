"""A server that speaks Gladia's live protocol, version 2."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from anyio_stt.testing.servers.service import Message, Reply, Service
from anyio_stt.testing.servers.web import WebRequest, WebResponse, WebServer
from anyio_stt.testing.servers.words import HeardWord, Recogniser, Utterance

__all__ = ("GladiaServer",)


class GladiaServer(WebServer):
    """Speaks `/v2/live`: a request for a session, and the websocket whose address it gives."""

    def admits(self, request: WebRequest) -> bool:
        key = request.headers.get("x-gladia-key") or dict(request.query).get("token")
        return key == self.api_key

    def start_service(self, request: WebRequest) -> Service:
        return GladiaService(int(dict(request.query)["rate"]))

    def respond(self, request: WebRequest) -> WebResponse:
        rate = json.loads(request.body)["sample_rate"]
        address = self.base_url.replace("http", "ws", 1)
        session = {
            "id": "session-1",
            "url": f"{address}/v2/live?token={self.api_key}&rate={rate}",
        }
        return WebResponse((json.dumps(session).encode(),), status=201)


class GladiaService(Service):
    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self._rate = sample_rate
        self._recogniser = Recogniser(sample_rate)

    def hear(self, message: Message) -> Iterable[Reply]:
        told = json.loads(message)
        if told["type"] == "audio_chunk":
            self.note("audio")
            chunk = base64.b64decode(told["data"]["chunk"])
            samples = np.frombuffer(chunk, dtype=np.int16)
            self.heard += len(samples) / self._rate
            return [_transcript(each) for each in self._recogniser.feed(samples) if each.words]
        self.note(str(message))
        self.ending = self.done = True
        rest = [_transcript(each) for each in self._recogniser.finish() if each.words]
        return [*rest, Reply(json.dumps({"type": "post_final_transcript", "data": {}}))]


def _transcript(said: Utterance) -> Reply:
    utterance = {
        "text": said.text,
        "start": said.words[0].start,
        "end": said.words[-1].end,
        "language": "en",
        "confidence": 0.9,
        "words": [_word(word) for word in said.words],
    }
    data = {"id": "00-1", "is_final": said.final, "utterance": utterance}
    return Reply(json.dumps({"type": "transcript", "data": data}), final=said.final)


def _word(word: HeardWord) -> dict[str, Any]:
    return {"word": word.text, "start": word.start, "end": word.end, "confidence": 0.9}
