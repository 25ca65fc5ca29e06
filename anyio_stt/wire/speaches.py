"""What speaches says otherwise than OpenAI in a realtime session; no input or output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..events import SpeechEvent
from .openai_realtime import RealtimeSession

__all__ = ("SpeachesSession",)

_SILENCE_MS = 350  # what a session of speaches has unless asked for something else


class SpeachesSession(RealtimeSession):
    """
    One transcription session with speaches.

    It counts time anew for each utterance, from where the one before was cut off. Where that
    was, a transcript's usage tells; until then the pause that ends an utterance is the best
    guess. Its guesses replace one another.

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
        """Where the utterance begins that is heard now, with the silence before it."""
        self._origins: dict[str, tuple[float, float]] = {}
        """Where each utterance began that is not transcribed, and where the next one did."""

    @property
    def name(self) -> str:
        """Who the provider is."""
        return "speaches"

    def _at(self, milliseconds: float) -> float:
        return min(self._origin + float(milliseconds) / 1000, self.sent)

    def _buffer(self, what: str, body: Mapping[str, Any]) -> list[SpeechEvent]:
        if what == "partial_transcription":
            return self._partial(str(body["item_id"]), str(body["transcript"]))
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
        cut = min(end + self._pause, self.sent) if detected else end
        self._origins[item_id] = (self._origin, cut)
        self._origin = cut

    def _transcription(self, what: str, body: Mapping[str, Any]) -> Iterable[SpeechEvent]:
        usage = body.get("usage") or {}
        begun, assumed = self._origins.pop(str(body["item_id"]), (0.0, 0.0))
        if what == "completed" and assumed and "seconds" in usage:
            self._shift(str(body["item_id"]), begun + float(usage["seconds"]) - assumed)
        return super()._transcription(what, body)

    def _shift(self, item_id: str, seconds: float) -> None:
        """Move what came after an utterance to where it really was."""
        self._origin = min(self._origin + seconds, self.sent)
        later = False
        for other, item in self._items.items():
            if later:
                item.start = min(item.start + seconds, self.sent)
                item.end = None if item.end is None else min(item.end + seconds, self.sent)
                begun, cut = self._origins.get(other, (0.0, 0.0))
                if cut:
                    self._origins[other] = (begun + seconds, cut + seconds)
            later = later or other == item_id
