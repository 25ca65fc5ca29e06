"""A server that speaks Deepgram's protocol."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from .deepgram_flux import FluxService
from .deepgram_habits import bend_results, goodbye
from .faults import Action, Fault
from .service import Message, Reply, Service
from .web import WebRequest, WebResponse, WebServer
from .words import HeardWord, Recogniser, Utterance

__all__ = ("DeepgramServer", "DeepgramService", "deepgram_results")

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

    def admits(self, request: WebRequest) -> bool:
        """Look for `Authorization: Token`."""
        return request.headers.get("authorization") == f"Token {self.api_key}"

    def start_service(self, request: WebRequest) -> Service:
        """Begin a stream."""
        if request.path == "/v2/listen":
            return FluxService(dict(request.query), **self._quirks)
        return DeepgramService(dict(request.query))

    def respond(self, request: WebRequest) -> WebResponse:
        """Recognise a WAV file."""
        rate = int.from_bytes(request.body[24:28], "little")
        recogniser = Recogniser(rate)
        said = recogniser.feed(np.frombuffer(request.body[44:], dtype=np.int16))
        finals = [each for each in [*said, *recogniser.finish()] if each.final]
        words = tuple(word for each in finals for word in each.words)
        whole = Utterance(words, 0.0, recogniser.heard)
        body = {
            "metadata": {"request_id": _REQUEST_ID, "duration": recogniser.heard, "channels": 1},
            "results": {"channels": [{"alternatives": [_alternative(whole)]}]},
        }
        return WebResponse((json.dumps(body).encode(),))


class DeepgramService(Service):
    """
    Deepgram's side of one stream.

    Args:
        query: of the request.
    """

    restarted: bool
    done: bool
    heard: float
    ending: bool

    def __init__(self, query: dict[str, str]) -> None:
        super().__init__()
        self._rate = int(query["sample_rate"])
        self._channels = int(query.get("channels", "1"))
        apart = query.get("multichannel") == "true"
        self._recognisers = [Recogniser(self._rate) for _ in range(self._channels if apart else 1)]
        self._interims = query.get("interim_results") == "true"
        self._vad_events = query.get("vad_events") == "true"
        self._speaking: set[int] = set()

    def greet(self) -> Iterable[Reply]:
        """Say nothing, or goodbye."""
        return [goodbye(0.0)] if self.habit is Action.EARLY_GOODBYES else []

    def bent(self, replies: Iterable[Reply]) -> Iterable[Reply]:
        """Bend what is said of audio."""
        return [bent for reply in replies for bent in bend_results(reply, self.habit)]

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer audio with results, and the three commands."""
        if isinstance(message, bytes):
            self.note("audio")
            samples = np.frombuffer(message, dtype=np.int16).reshape(-1, self._channels)
            self.heard += len(samples) / self._rate
            return self._listen(samples)
        self.note(message)
        kind = json.loads(message)["type"]
        replies: list[Reply] = []
        if kind == "Finalize" and self.habit is Action.NO_FLUSH:
            self.done = True
            return [Reply(json.dumps({"type": "Error", "description": "Finalize: unknown"}))]
        if kind in ("Finalize", "CloseStream"):
            self.ending = kind == "CloseStream"
            for channel, recogniser in enumerate(self._recognisers):
                rest = recogniser.finish()
                replies += [self._results(said, channel, from_finalize=True) for said in rest]
        if kind == "Finalize" and self.habit is Action.EARLY_GOODBYES:
            replies.append(goodbye(self.heard))
        if kind == "CloseStream":
            self.done = True
            replies.append(Reply(json.dumps(self._metadata())))
        return replies

    def _listen(self, samples: np.ndarray[Any, Any]) -> list[Reply]:
        replies: list[Reply] = []
        for channel, recogniser in enumerate(self._recognisers):
            if self.restarts(recogniser.heard):
                self.restarted = recogniser.begin_anew()
            for said in recogniser.feed(samples[:, channel]):
                if self._vad_events and said.words and channel not in self._speaking:
                    self._speaking.add(channel)
                    replies.append(Reply(self._started(said, channel)))
                if said.final or self._interims:
                    replies.append(self._results(said, channel))
                if said.endpoint:
                    self._speaking.discard(channel)
        return replies

    def _started(self, said: Utterance, channel: int) -> str:
        index = [channel, len(self._recognisers)]
        body = {"type": "SpeechStarted", "channel": index, "timestamp": said.words[0].start}
        return json.dumps(body)

    def _results(self, said: Utterance, channel: int, *, from_finalize: bool = False) -> Reply:
        index = [channel, len(self._recognisers)]
        body = deepgram_results(said, channel_index=index, from_finalize=from_finalize)
        return Reply(json.dumps(body), final=said.final and bool(said.words))

    def _metadata(self) -> dict[str, Any]:
        return {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": _REQUEST_ID,
            "duration": self.heard,
            "channels": self._channels,
        }


def deepgram_results(
    said: Utterance, *, channel_index: list[int], from_finalize: bool = False
) -> dict[str, Any]:
    """Write *said* as Deepgram's `Results` message."""
    return {
        "type": "Results",
        "channel_index": channel_index,
        "start": said.start,
        "duration": said.end - said.start,
        "is_final": said.final,
        "speech_final": said.endpoint,
        "from_finalize": from_finalize,
        "channel": {"alternatives": [_alternative(said)]},
        "metadata": {"request_id": _REQUEST_ID},
    }


def _alternative(said: Utterance) -> dict[str, Any]:
    return {
        "transcript": said.text,
        "confidence": 0.9 if said.words else 0.0,
        "words": [_word(word) for word in said.words],
    }


def _word(word: HeardWord) -> dict[str, Any]:
    return {"word": word.text, "start": word.start, "end": word.end, "confidence": 0.9}
