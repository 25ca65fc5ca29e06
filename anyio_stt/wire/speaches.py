"""What speaches says otherwise than OpenAI in a realtime session; no input or output."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..events import SpeechEvent
from .fields import number, text_of
from .openai_realtime import RealtimeSession, append_message
from .session import Message

__all__ = ("SpeachesSession",)

_SILENCE_MS = 350  # what a session of speaches has unless asked for something else
_RATE = 24000
# Its detector looks at the last three seconds, and ends no utterance while it has heard less.
_WINDOW = 3.0
_PIECE = 0.5


class SpeachesSession(RealtimeSession):
    """
    One transcription session with speaches.

    It counts time anew for each utterance, from where the one before was cut off. Where that
    was, a transcript's usage tells; until then the pause that ends an utterance is the best
    guess. Its guesses replace one another.

    A commit while its own detector hears speech breaks the session. So where it detects, a flush
    is silence, long enough that it ends the utterance by itself, and setting the session up
    once more is answered when it has read all that came before.

    Args:
        start: where on the attempt's clock it begins.
        update: the message that sets the session up.
        language: what is spoken, where the server does not say.
        detects: whether the server ends utterances.
        silence_ms: the pause that ends one, if it was asked for.
    """

    done: bool
    quiet: bool
    ready: bool

    def __init__(
        self,
        start: float,
        *,
        update: Mapping[str, Any],
        language: str = "",
        detects: bool = True,
        silence_ms: int | None = None,
    ) -> None:
        super().__init__(start, update=update, language=language, detects=detects)
        self._pause = (_SILENCE_MS if silence_ms is None else silence_ms) / 1000
        self._origin = start
        """Where the utterance begins that is heard now, with the silence before it; counted as
        the server does, with silence of our own."""
        self._origins: dict[str, tuple[float, float]] = {}
        """Where each utterance began that is not transcribed, and where the next one did."""
        self._fences: deque[float] = deque()
        """How much audio had been said with each question whether all was read."""
        self._paddings: list[tuple[float, float]] = []
        """Where there is silence of our own, and how much."""
        self._ending = False

    @property
    def name(self) -> str:
        """Who the provider is."""
        return "speaches"

    def flush(self) -> Iterable[Message]:
        """End the utterance with silence where the server detects, else with a commit."""
        return self._pad() if self._detects else super().flush()

    def ending(self) -> Iterable[Message]:
        """End the last utterance, and ask for a sign that everything before was read."""
        if not self._detects:
            yield from super().ending()
            return
        self._ending = True
        yield from self._pad()

    def _pad(self) -> Iterator[Message]:
        if self.sent > self._committed_until:
            pieces = round((_WINDOW + self._pause + _PIECE) / _PIECE)
            self._paddings.append((self.sent, pieces * _PIECE))
            for _ in range(pieces):
                yield append_message(bytes(2 * round(_PIECE * _RATE)))
        self._committed_until = self.sent
        self._fences.append(self.sent)
        yield json.dumps(self._update)

    def _updated(self) -> None:
        super()._updated()
        if self._fences:
            self._empty(self._fences.popleft())
            self._fenced = self._ending and not self._fences
            self._settle()

    def _settle(self) -> None:
        super()._settle()
        if self._detects:  # what has begun will be committed, and transcribed
            self.done = self._fenced and not self._items
            self._owing = bool(self._items or self._fences)

    def _at(self, milliseconds: object) -> float:
        return self._ours(self._origin + number(milliseconds) / 1000)

    def _ours(self, theirs: float) -> float:
        """Return where in the audio the server is after *theirs* seconds."""
        added = 0.0
        for at, length in self._paddings:
            if theirs <= at + added:
                break
            if theirs <= at + added + length:
                return at
            added += length
        return min(theirs - added, self.sent)

    def _theirs(self, ours: float) -> float:
        return ours + sum(length for at, length in self._paddings if at < ours)

    def _buffer(self, what: str, body: Mapping[str, Any]) -> Iterable[SpeechEvent]:
        if what == "partial_transcription":
            return self._partial(text_of(body["item_id"]), text_of(body["transcript"]))
        return super()._buffer(what, body)

    def _partial(self, item_id: str, text: str) -> list[SpeechEvent]:
        item = self._items.get(item_id)
        return [] if item is None else self._guessed(item, text)

    def _committed(self, item_id: str) -> None:
        if item_id in self._said or item_id in self._origins:  # it may be told twice
            return
        before = self._items.get(item_id)
        detected = before is not None and before.end is not None
        super()._committed(item_id)
        end = self._items[item_id].end
        assert end is not None
        cut = self._theirs(min(end + self._pause, self.sent) if detected else end)
        self._origins[item_id] = (self._origin, cut)
        self._origin = cut

    def _transcription(self, what: str, body: Mapping[str, Any]) -> Iterable[SpeechEvent]:
        item_id = text_of(body["item_id"])
        usage = body.get("usage") or {}
        begun, assumed = self._origins.pop(item_id, (0.0, 0.0))
        if what == "completed" and assumed and "seconds" in usage:
            cut = begun + number(usage["seconds"])
            self._end_at(item_id, self._ours(cut))
            self._shift(item_id, cut - assumed)
        return super()._transcription(what, body)

    def _end_at(self, item_id: str, end: float) -> None:
        """End an utterance where it was cut off, if nobody told: no more was heard."""
        item = self._items.get(item_id)
        if item is not None and item.assumed:
            item.end, item.assumed = max(end, item.start), False

    def _shift(self, item_id: str, seconds: float) -> None:
        """Move what came after an utterance to where it really was."""
        self._origin += seconds
        later = False
        for other, item in self._items.items():
            if later:
                item.start = min(item.start + seconds, self.sent)
                item.end = None if item.end is None else min(item.end + seconds, self.sent)
                begun, cut = self._origins.get(other, (0.0, 0.0))
                if cut:
                    self._origins[other] = (begun + seconds, cut + seconds)
            later = later or other == item_id
