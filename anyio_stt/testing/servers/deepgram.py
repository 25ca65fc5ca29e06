"""A server that speaks Deepgram's protocol."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from ...wire.deepgram_answers import recording_body
from ...wire.deepgram_server import LIVE_PARAMETERS, DeepgramServerSession
from .deepgram_flux import FluxService
from .deepgram_habits import bend_results, goodbye
from .faults import Action, Fault
from .service import Message, Reply, Service
from .session_service import SessionService, hear_wav
from .web import WebRequest, WebResponse, WebServer

__all__ = ("DeepgramServer", "DeepgramService")

_REQUEST_ID = "11111111-2222-3333-4444-555555555555"


class DeepgramServer(WebServer):
    """
    Speaks `/v1/listen`, streams and recordings, and the turns of `/v2/listen`.

    Args:
        faults: one for each connection in turn, `None` for none; after the last, none.
        small_buffers: whether the kernel buffers little, so that a client soon notices that
            nobody reads.
        forgets: events of `/v2/listen` in whose place an `Update` is told, such as `EndOfTurn`.
        restarts: whether every turn has the index 0.
    """

    key_scheme = "Token"

    def __init__(
        self,
        faults: Sequence[Fault | None] = (),
        *,
        small_buffers: bool = False,
        forgets: Collection[str] = (),
        restarts: bool = False,
    ) -> None:
        super().__init__(faults, small_buffers=small_buffers)
        self._quirks: dict[str, Any] = {"forgets": forgets, "restarts": restarts}

    def start_service(self, request: WebRequest) -> Service:
        """Begin a stream."""
        if request.path == "/v2/listen":
            return FluxService(dict(request.query), **self._quirks)
        return DeepgramService(dict(request.query))

    def respond(self, request: WebRequest) -> WebResponse:
        """Recognise a WAV file."""
        said, seconds = hear_wav(request.body)
        body = recording_body(
            [said], seconds, request_id=_REQUEST_ID, created="", sha256="", model="x"
        )
        return WebResponse((json.dumps(body).encode(),))


class DeepgramService(SessionService[DeepgramServerSession]):
    """
    Deepgram's side of one stream.

    Args:
        query: of the request.
    """

    def __init__(self, query: dict[str, str]) -> None:
        self._query = {name: [query[name]] for name in LIVE_PARAMETERS.served & query.keys()}
        super().__init__(self.renewed(), apart=query.get("multichannel") == "true")

    def renewed(self) -> DeepgramServerSession:
        """Return a session that has heard nothing."""
        return DeepgramServerSession(self._query, request_id=_REQUEST_ID, created="", model="x")

    def greet(self) -> Iterable[Reply]:
        """Say nothing, or goodbye."""
        return [goodbye(0.0)] if self.habit is Action.EARLY_GOODBYES else []

    def bent(self, replies: Iterable[Reply]) -> Iterable[Reply]:
        """Bend what is said of audio."""
        return [bent for reply in self._joined(replies) for bent in bend_results(reply, self.habit)]

    def is_final(self, message: Message) -> bool:
        """Whether it is a result with words, and will not change."""
        body = json.loads(message)
        said = body["type"] == "Results" and body["channel"]["alternatives"][0]["transcript"]
        return bool(said and body["is_final"])

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer audio with results, and the three commands."""
        asked = "" if isinstance(message, bytes) else json.loads(message)["type"]
        if asked == "Finalize" and self.habit is Action.NO_FLUSH:
            self.note(str(message))
            self.done = True
            return [Reply(json.dumps({"type": "Error", "description": "Finalize: unknown"}))]
        replies = [*super().hear(message)]
        if asked == "Finalize" and self.habit is Action.EARLY_GOODBYES:
            replies.append(goodbye(self.heard))
        return replies

    def _joined(self, replies: Iterable[Reply]) -> Iterator[Reply]:
        """Say with the words what our own server says right behind them, as Deepgram does."""
        said: list[dict[str, Any]] = []
        for reply in replies:
            body = json.loads(reply.message)
            if body["type"] == "Results" and not body["duration"]:
                same = [each for each in said if each.get("channel_index") == body["channel_index"]]
                for each in same[-1:]:
                    each["speech_final"] |= body["speech_final"]
                    each["from_finalize"] |= body["from_finalize"]
                continue
            if body["type"] == "Metadata":
                body["duration"] = self.heard  # also where the clock began anew
            said.append(body)
        for message in map(json.dumps, said):
            yield Reply(message, final=self.is_final(message))
