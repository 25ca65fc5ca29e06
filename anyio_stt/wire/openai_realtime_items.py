"""The utterances of a Realtime session, from the server's side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..events import SpeechData
from .session import Message

__all__ = ("Item", "Items")

_TRANSCRIPTION = "conversation.item.input_audio_transcription"


@dataclass(eq=False)
class Item:
    """One utterance."""

    id: str
    start: float
    end: float | None = None
    texts: list[str] = field(default_factory=list)
    """What was said in it so far."""


class Items:
    """
    Names utterances, and writes what becomes of them.

    Args:
        write: makes a message of its type and fields.
    """

    def __init__(self, write: Callable[..., Message]) -> None:
        self._write = write
        self._number = 0
        self._last: str | None = None
        self._open: deque[Item] = deque()
        """Those without a transcript, in order; only the last may lack an end."""

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open."""
        return bool(self._open) and self._open[-1].end is None

    def begin(self, start: float) -> Item:
        """Return the utterance that is open, or a new one."""
        if not self.speaking:
            self._number += 1
            self._open.append(Item(f"item_{self._number:06}", start))
        return self._open[-1]

    def start(self, time: float) -> Iterator[Message]:
        """Somebody began to speak."""
        item = self.begin(time)
        yield self._buffer("speech_started", item, audio_start_ms=round(time * 1000))

    def end(self, time: float, *, asked: bool = False) -> Iterator[Message]:
        """They stopped, or the client *asked* for what was heard: then the commit is its answer."""
        if not self.speaking:
            return
        item = self._open[-1]
        if not asked:
            yield self._buffer("speech_stopped", item, audio_end_ms=round(time * 1000))
        yield from self.commit(item, time)
        if item.texts:
            yield from self._complete_until(item)

    def commit(self, item: Item, end: float) -> Iterator[Message]:
        """Take note that *item* is whole; its transcript comes later."""
        item.end = max(end, item.start)
        yield self._buffer("committed", item, previous_item_id=self._last)
        body = {"id": item.id, "type": "message", "role": "user", "status": "completed"}
        content = [{"type": "input_audio", "transcript": None}]
        fields = {"item": {**body, "content": content}, "previous_item_id": self._last}
        yield self._write("conversation.item.added", **fields)
        yield self._write("conversation.item.done", **fields)
        self._last = item.id

    def final(self, said: SpeechData, *, complete: bool) -> Iterator[Message]:
        """
        Say what was said.

        Args:
            said: the words, and where they are.
            complete: whether an utterance that has ended has no more of them.
        """
        text = said.text.strip()
        if not text:
            return
        late = complete and not self._open  # its utterance was complete without it
        item = self._item_at(said)
        if late:
            yield from self.commit(item, said.end_time)
        item.texts.append(text)
        delta = text if len(item.texts) == 1 else f" {text}"
        yield self._transcription("delta", item, delta=delta)
        if complete and item.end is not None:
            yield from self._complete_until(item)

    def _item_at(self, said: SpeechData) -> Item:
        for item in self._open:
            if item.end is None or said.start_time < item.end:
                return item
        return self._open[-1] if self._open else self.begin(said.start_time)

    def complete(self, item_id: str) -> Iterator[Message]:
        """Say the transcript of the utterance of that name, and of those before."""
        for item in list(self._open):
            if item.id == item_id:
                yield from self._complete_until(item)

    def covered(self, until: float) -> Iterator[Message]:
        """Complete what ended before *until*: nothing more will be said of it."""
        for item in list(self._open):
            if item.end is not None and item.end <= until:
                yield from self._complete_until(item)

    def forget(self) -> None:
        """Drop the utterance that is open."""
        if self.speaking:
            self._open.pop()

    def fail(self, reason: str) -> Iterator[Message]:
        """Give up what has no transcript."""
        error = {"type": "server_error", "code": "engine_failed", "message": reason, "param": None}
        while self._open:
            yield self._transcription("failed", self._open.popleft(), error=error)

    def _complete_until(self, item: Item) -> Iterator[Message]:
        while self._open:
            first = self._open.popleft()
            seconds = max((first.end or first.start) - first.start, 0.0)
            usage = {"type": "duration", "seconds": round(seconds, 3)}
            text = " ".join(first.texts)
            yield self._transcription("completed", first, transcript=text, usage=usage)
            if first is item:
                return

    def _transcription(self, what: str, item: Item, **fields: object) -> Message:
        kind = f"{_TRANSCRIPTION}.{what}"
        return self._write(kind, item_id=item.id, content_index=0, **fields)

    def _buffer(self, what: str, item: Item, **fields: object) -> Message:
        return self._write(f"input_audio_buffer.{what}", item_id=item.id, **fields)
