"""A server that speaks OpenAI's protocols: transcriptions of recordings, and Realtime."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...events import SpeechData
from ...wire.openai_server import json_body, stream_event, text_of, verbose_body
from .faults import Action, Fault
from .realtime import RealtimeService
from .realtime_dialects import SpeachesService, VllmService
from .service import Service
from .session_service import hear_wav
from .web import WebRequest, WebResponse, WebServer

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

    key_scheme = "Bearer"

    def __init__(
        self,
        faults: Sequence[Fault | None] = (),
        *,
        small_buffers: bool = False,
        dialect: str = "openai",
    ) -> None:
        super().__init__(faults, small_buffers=small_buffers)
        self._dialect = dialect

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
            empty = stream_event("transcript.text.done", text="")
            return replace(response, pieces=(*response.pieces[:-1], empty))
        return response

    def respond(self, request: WebRequest) -> WebResponse:
        """Recognise the WAV file of a form."""
        said, seconds = hear_wav(request.body[request.body.index(b"RIFF") :])
        if b'name="stream"\r\n\r\ntrue' in request.body:
            return WebResponse(tuple(_events(said)), "text/event-stream")
        if b"verbose_json" in request.body:
            body = verbose_body(said, seconds, "english", ["word"])
        else:
            body = json_body(said, seconds)
        return WebResponse((json.dumps(body).encode(),))


def _events(said: Sequence[SpeechData]) -> Iterator[bytes]:
    for word in text_of(said).split():
        yield stream_event("transcript.text.delta", delta=f"{word} ")
    usage = {"type": "tokens", "input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    spoken = [{"code": "en"}]
    yield stream_event("transcript.text.done", text=text_of(said), usage=usage, languages=spoken)
