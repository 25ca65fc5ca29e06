"""A server that speaks Speechmatics' protocol for agents."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from anyio_stt.testing.servers.service import Message, Reply, Service
from anyio_stt.testing.servers.web import WebRequest, WebResponse, WebServer
from anyio_stt.testing.servers.words import Recogniser, Utterance

__all__ = ("SpeechmaticsServer",)


class SpeechmaticsServer(WebServer):
    """Speaks `/v2/agent`."""

    def admits(self, request: WebRequest) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.api_key}"

    def start_service(self, request: WebRequest) -> Service:
        return SpeechmaticsService()

    def respond(self, request: WebRequest) -> WebResponse:
        return WebResponse((b"streams only",), "text/plain", 404)


class SpeechmaticsService(Service):
    """Closes turns by itself, as its mode `vad` does."""

    def __init__(self) -> None:
        super().__init__()
        self._rate = 16000
        self._recogniser = Recogniser(self._rate)
        self._speaking = False
        self._frames = 0

    def hear(self, message: Message) -> Iterable[Reply]:
        if isinstance(message, str):
            self.note(message)
            return self._obey(json.loads(message))
        self.note("audio")
        samples = np.frombuffer(message, dtype=np.int16)
        self.heard += len(samples) / self._rate
        self._frames += 1
        added = _reply("AudioAdded", seq_no=self._frames)
        return [added, *self._told(self._recogniser.feed(samples))]

    def _obey(self, message: dict[str, Any]) -> list[Reply]:
        match message["message"]:
            case "StartRecognition":
                pack = {"word_delimiter": " ", "language_description": "English"}
                return [_reply("RecognitionStarted", id="session-1", language_pack_info=pack)]
            case "ForceEndOfUtterance":
                return self._told(self._recogniser.finish())
            case "EndOfStream":
                self.ending = self.done = True
                return [*self._told(self._recogniser.finish()), _reply("EndOfTranscript")]
        return []

    def _told(self, said: Iterable[Utterance]) -> list[Reply]:
        replies = []
        for each in said:
            if not each.words:
                continue
            start, end = each.words[0].start, each.words[-1].end
            if not self._speaking:
                self._speaking = True
                replies.append(_reply("StartOfTurn", metadata={"start_time": start}))
            replies.append(
                _reply(
                    "AddSegment" if each.final else "AddPartialSegment",
                    final=each.final,
                    segment={"transcript": each.text, "speaker": "S1"},
                    metadata={"start_time": start, "end_time": end},
                )
            )
            if each.final:
                self._speaking = False
                replies.append(_reply("EndOfTurn", metadata={"end_time": end}))
        return replies


def _reply(name: str, *, final: bool = False, **message: Any) -> Reply:
    return Reply(json.dumps({"message": name, **message}), final=final)
