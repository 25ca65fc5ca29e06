"""A server that speaks OpenAI's protocols: transcriptions of recordings, and Realtime."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .service import Message, Reply, Service
from .web import WebRequest, WebResponse, WebServer
from .words import Recogniser, Utterance

__all__ = ("OpenAIServer", "RealtimeService")


class OpenAIServer(WebServer):
    """Speaks `/v1/audio/transcriptions` and `/v1/realtime`."""

    def admits(self, request: WebRequest) -> bool:
        """Look for `Authorization: Bearer`."""
        return request.headers.get("authorization") == f"Bearer {self.api_key}"

    def start_service(self, _: WebRequest) -> RealtimeService:
        """Begin a transcription session."""
        return RealtimeService()

    def respond(self, request: WebRequest) -> WebResponse:
        """Recognise the WAV file of a form."""
        whole = _recognise(request.body)
        if b'name="stream"\r\n\r\ntrue' in request.body:
            return WebResponse(tuple(_events(whole)), "text/event-stream")
        body: dict[str, Any] = {"text": whole.text}
        if b"verbose_json" in request.body:
            words = [{"word": w.text, "start": w.start, "end": w.end} for w in whole.words]
            body |= {"language": "english", "duration": whole.end, "words": words}
        return WebResponse((json.dumps(body).encode(),))


def _recognise(form: bytes) -> Utterance:
    file = form[form.index(b"RIFF") :]
    size = int.from_bytes(file[40:44], "little")
    recogniser = Recogniser(int.from_bytes(file[24:28], "little"))
    said = recogniser.feed(np.frombuffer(file[44 : 44 + size], dtype=np.int16))
    finals = [each for each in [*said, *recogniser.finish()] if each.final]
    words = tuple(word for each in finals for word in each.words)
    return Utterance(words, 0.0, recogniser.heard, final=True)


def _events(whole: Utterance) -> Iterator[bytes]:
    for word in whole.words:
        body = {"type": "transcript.text.delta", "delta": f"{word.text} "}
        yield f"data: {json.dumps(body)}\n\n".encode()
    done = {"type": "transcript.text.done", "text": whole.text}
    yield f"data: {json.dumps(done)}\n\n".encode()


class RealtimeService(Service):
    """OpenAI's side of one transcription session."""

    heard: float

    def __init__(self) -> None:
        super().__init__()
        self._rate = 24000
        self._vad = True
        self._recogniser = Recogniser(self._rate)
        self._number = 0
        self._open = False
        self._waiting: list[Utterance] = []

    def greet(self) -> Iterable[Reply]:
        """Say that the session exists."""
        return [_reply("session.created", session={"type": "transcription"})]

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer one message."""
        body = json.loads(message)
        kind = body["type"]
        self.note("audio" if kind == "input_audio_buffer.append" else kind)
        match kind:
            case "session.update":
                settings = body["session"]["audio"]["input"]
                return self._set_up(settings, settings["format"]["rate"], "session.updated")
            case "transcription_session.update":
                return self._set_up(body["session"], 24000, "transcription_session.updated")
            case "input_audio_buffer.append":
                return list(self._listen(base64.b64decode(body["audio"])))
            case "input_audio_buffer.commit":
                return list(self._commit())
            case "input_audio_buffer.clear":
                self.ending = True
                return [_reply("input_audio_buffer.cleared")]
        return [_reply("error", error={"type": "invalid_request_error", "message": kind})]

    def _set_up(self, settings: dict[str, Any], rate: int, answer: str) -> list[Reply]:
        self._vad = settings.get("turn_detection") is not None
        self._rate = rate
        self._recogniser = Recogniser(rate)
        return [_reply(answer, session=settings)]

    def _listen(self, samples: bytes) -> Iterator[Reply]:
        for said in self._recogniser.feed(np.frombuffer(samples, dtype=np.int16)):
            if self._vad:
                yield from self._detect(said)
            elif said.final and said.words:
                self._waiting.append(said)
        self.heard = self._recogniser.heard

    def _detect(self, said: Utterance) -> Iterator[Reply]:
        if said.words and not self._open:
            self._open = True
            start = round(said.words[0].start * 1000)
            yield self._buffer("speech_started", audio_start_ms=start)
        if said.words and said.final:
            yield self._buffer("speech_stopped", audio_end_ms=round(said.end * 1000))
            yield from self._transcribe([said])

    def _commit(self) -> Iterator[Reply]:
        finals = [*self._waiting, *self._recogniser.finish()]
        self._waiting = []
        if any(each.words for each in finals):
            yield from self._transcribe(finals)
        else:
            code = "input_audio_buffer_commit_empty"
            error = {"type": "invalid_request_error", "code": code, "message": "buffer too small"}
            yield _reply("error", error=error)

    def _transcribe(self, finals: list[Utterance]) -> Iterator[Reply]:
        yield self._buffer("committed", previous_item_id=None)
        item_id, self._number, self._open = f"item_{self._number}", self._number + 1, False
        prefix = "conversation.item.input_audio_transcription"
        words = [word.text for each in finals for word in each.words]
        for word in words:
            yield _reply(f"{prefix}.delta", item_id=item_id, content_index=0, delta=f"{word} ")
        yield _reply(
            f"{prefix}.completed",
            final=True,
            item_id=item_id,
            content_index=0,
            transcript=" ".join(words),
        )

    def _buffer(self, what: str, **fields: Any) -> Reply:
        return _reply(f"input_audio_buffer.{what}", item_id=f"item_{self._number}", **fields)


def _reply(kind: str, *, final: bool = False, **fields: object) -> Reply:
    return Reply(json.dumps({"type": kind, "event_id": "event_1", **fields}), final=final)
