"""A server that speaks OpenAI's protocols: transcriptions of recordings, and Realtime."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .faults import Action, Fault
from .realtime import RealtimeService
from .realtime_dialects import SpeachesService, VllmService
from .service import Service
from .web import WebRequest, WebResponse, WebServer
from .words import Recogniser, Utterance

__all__ = ("OpenAIServer",)


class OpenAIServer(WebServer):
    """
    Speaks `/v1/audio/transcriptions` and `/v1/realtime`.

    Args:
        faults: one for each connection in turn, `None` for none; after the last, none.
        small_buffers: whether the kernel buffers little, so that a client soon notices that
            nobody reads.
        dialect: what it speaks at `/v1/realtime`: `openai`, which knows the older session too,
            `speaches` or `vllm`.
    """

    def __init__(
        self,
        faults: Sequence[Fault | None] = (),
        *,
        small_buffers: bool = False,
        dialect: str = "openai",
    ) -> None:
        super().__init__(faults, small_buffers=small_buffers)
        self._dialect = dialect

    def admits(self, request: WebRequest) -> bool:
        """Look for `Authorization: Bearer`."""
        return request.headers.get("authorization") == f"Bearer {self.api_key}"

    def start_service(self, request: WebRequest) -> Service:
        """Begin a transcription session."""
        match self._dialect:
            case "speaches":
                return SpeachesService(dict(request.query))
            case "vllm":
                return VllmService()
        return RealtimeService()

    def bent_response(self, request: WebRequest, habit: Action | None) -> WebResponse:
        """Recognise a form as *habit* has it."""
        response = super().bent_response(request, habit)
        if habit is Action.EMPTY_TEXTS and b'name="stream"\r\n\r\ntrue' in request.body:
            done = {"type": "transcript.text.done", "text": ""}
            pieces = (*response.pieces[:-1], f"data: {json.dumps(done)}\n\n".encode())
            return replace(response, pieces=pieces)
        return response

    def respond(self, request: WebRequest) -> WebResponse:
        """Recognise the WAV file of a form."""
        whole = _recognise(request.body)
        if b'name="stream"\r\n\r\ntrue' in request.body:
            return WebResponse(tuple(_events(whole)), "text/event-stream")
        body: dict[str, Any] = {"text": whole.text, "usage": _usage(whole)}
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


def _usage(whole: Utterance) -> dict[str, Any]:
    return {"type": "duration", "seconds": whole.end}


def _events(whole: Utterance) -> Iterator[bytes]:
    for word in whole.words:
        body = {"type": "transcript.text.delta", "delta": f"{word.text} "}
        yield f"data: {json.dumps(body)}\n\n".encode()
    usage = {"type": "tokens", "input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    done = {
        "type": "transcript.text.done",
        "text": whole.text,
        "usage": usage,
        "languages": [{"code": "en"}],
    }
    yield f"data: {json.dumps(done)}\n\n".encode()
