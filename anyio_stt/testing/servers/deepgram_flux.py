"""A server's side of Deepgram's turn-based protocol."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .service import Message, Reply, Service
from .words import HeardWord, Recogniser, Utterance

__all__ = ("FluxService", "turn_info")

_REQUEST_ID = "11111111-2222-3333-4444-555555555555"
_PIECE, _UPDATE = 0.02, 0.24  # seconds that are listened to at once, and between two updates
_EAGER = 0.2  # seconds of silence after which a turn may be over
_LOUD = 500


class FluxService(Service):
    """
    Deepgram's side of one stream of turns.

    Args:
        query: of the request.
        forgets: events in whose place an `Update` is told, such as `EndOfTurn`.
        restarts: whether every turn has the index 0.
    """

    heard: float
    ending: bool
    done: bool
    goodbye: int = 1005  # Flux closes without a code

    def __init__(
        self, query: dict[str, str], *, forgets: Collection[str] = (), restarts: bool = False
    ) -> None:
        super().__init__()
        self._rate = int(query["sample_rate"])
        self._announces = "eager_eot_threshold" in query
        self._forgets, self._restarts = forgets, restarts
        self._recogniser = Recogniser(self._rate)
        self._words: tuple[HeardWord, ...] = ()
        self._open = self._eager = False
        self._turn = self._sequence = 0
        self._turn_start = self._told_at = 0.0

    def greet(self) -> Iterable[Reply]:
        """Say that the connection stands."""
        yield self._reply({"type": "Connected"})

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer audio with what is known of the turn, and the commands."""
        if isinstance(message, bytes):
            self.note("audio")
            return self._listen(np.frombuffer(message, dtype=np.int16))
        self.note(message)
        match json.loads(message)["type"]:
            case "CloseStream":
                return list(self._close())
            case "ForceEndTurn":
                return list(self._end()) if self._open else [self._warning()]
            case "Configure":
                return [self._reply({"type": "ConfigureSuccess"})]
        self.done = True
        what = {"code": "UNPARSABLE_CLIENT_MESSAGE", "description": "what is that?"}
        return [self._reply({"type": "Error", **what})]

    def _listen(self, samples: npt.NDArray[np.int16]) -> list[Reply]:
        replies: list[Reply] = []
        size = max(1, round(_PIECE * self._rate))
        for start in range(0, len(samples), size):
            piece = samples[start : start + size]
            said = self._recogniser.feed(piece)
            self.heard = self._recogniser.heard
            for each in said:
                replies += self._understood(each)
            replies += self._announce(bool(np.max(np.abs(piece)) < _LOUD))
            if self.heard - self._told_at >= _UPDATE:
                replies += self._tell("Update")
        return replies

    def _understood(self, said: Utterance) -> Iterator[Reply]:
        if not said.words:
            return
        news, self._words = said.words != self._words, said.words
        if not self._open:
            self._open = True
            yield from self._tell("StartOfTurn")
        elif self._eager and news:
            self._eager = False
            yield from self._tell("TurnResumed")
        if said.endpoint:
            yield from self._end()

    def _announce(self, silent: bool) -> Iterator[Reply]:
        waits = self._announces and self._open and not self._eager and silent
        if waits and self.heard - self._words[-1].end >= _EAGER:
            self._eager = True
            yield from self._tell("EagerEndOfTurn")

    def _end(self) -> Iterator[Reply]:
        yield from self._tell("EndOfTurn", final=True)
        self._words, self._open, self._eager = (), False, False
        self._turn += not self._restarts
        self._turn_start = self.heard

    def _close(self) -> Iterator[Reply]:
        """Say what was not said, but not that the turn is over."""
        self.ending = self.done = True
        for said in self._recogniser.finish():
            self._words = said.words
        if self._words and not self._open:
            yield from self._tell("StartOfTurn")
        yield from self._tell("Update", final=bool(self._words))

    def _tell(self, event: str, *, final: bool = False) -> Iterator[Reply]:
        self._told_at = self.heard
        event = "Update" if event in self._forgets else event
        window = self._turn_start, self.heard
        yield self._reply(turn_info(event, self._words, self._turn, window=window), final=final)

    def _warning(self) -> Reply:
        return self._reply({"type": "Warning", "code": "FORCE_END_TURN_NO_ACTIVE_TURN"})

    def _reply(self, body: dict[str, Any], *, final: bool = False) -> Reply:
        body = {**body, "request_id": _REQUEST_ID, "sequence_id": self._sequence}
        self._sequence += 1
        return Reply(json.dumps(body), final=final)


def turn_info(
    event: str,
    words: Sequence[HeardWord],
    turn_index: int,
    *,
    window: tuple[float, float],
) -> dict[str, Any]:
    """Write Flux's `TurnInfo` message."""
    sure = {"EagerEndOfTurn": 0.5, "EndOfTurn": 0.9}.get(event, 0.1)
    return {
        "type": "TurnInfo",
        "event": event,
        "turn_index": turn_index,
        "audio_window_start": window[0],
        "audio_window_end": window[1],
        "transcript": " ".join(word.text for word in words),
        "words": [
            {"word": each.text, "confidence": 0.9, "start": each.start, "end": each.end}
            for each in words
        ],
        "end_of_turn_confidence": sure,
    }
