"""OpenAI's Realtime protocol for transcription; no input or output."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..events import RecognitionUsage, SpeechData, SpeechEvent, SpeechEventType
from ..exceptions import APIError, APIStatusError
from .openai import language_of, usage_of
from .session import ClientSession, Message, longer_guess

__all__ = ("RealtimeSession",)

_EMPTY = "input_audio_buffer_commit_empty"
_COMMIT_FAILED = "Error committing input audio buffer"  # the same from those who give no code
_PREFIX = "conversation.item.input_audio_transcription."
_PASSING = ("server_error", "rate_limit_error", "rate_limit_exceeded", "session_expired")
_MAX_ITEMS = 1000  # utterances that may wait for their transcripts
_MAX_SAID = 100  # how many of those that were said are remembered


@dataclass
class _Item:
    """An utterance: where it lies, and what is known of its text."""

    start: float
    end: float | None = None
    committed: bool = False
    guess: str = ""
    text: str | None = None
    language: str = ""
    usage: RecognitionUsage | None = None


class RealtimeSession(ClientSession):
    """
    One transcription session.

    Transcripts of utterances may come in any order and are said in theirs.

    Args:
        start: where on the attempt's clock it begins.
        update: the message that sets the session up.
        language: what is spoken, where the server does not say.
        detects: whether the server ends utterances.
    """

    done: bool
    quiet: bool

    # A server says nothing while nobody speaks, and while somebody does; but it owes an answer
    # to a commit, and a transcript of what is committed.
    pongs_count: bool = True

    def __init__(
        self, start: float, *, update: Mapping[str, Any], language: str = "", detects: bool = True
    ) -> None:
        super().__init__(start)
        self._update = update
        self._language = language
        self._detects = detects
        self.ready: bool = False
        self._items: dict[str, _Item] = {}
        self._commits: deque[float] = deque()
        """How much audio had been said with each of our commits that was not answered."""
        self._said: deque[str] = deque(maxlen=_MAX_SAID)
        self._said_until = start
        self._fenced = False

    @property
    def name(self) -> str:
        """Who the provider is."""
        return "OpenAI Realtime"

    def opening(self) -> Iterable[Message]:
        """Set the session up."""
        return (json.dumps(self._update),)

    def audio(self, frame: AudioFrame) -> Iterable[Message]:
        """Say the samples, in text."""
        super().audio(frame)
        samples = base64.b64encode(mix_down(frame).pcm).decode()
        return (json.dumps({"type": "input_audio_buffer.append", "audio": samples}),)

    def flush(self) -> Iterable[Message]:
        """End the utterance; if there is none, the server says so, and that is no error."""
        self._commits.append(self.sent)
        self._settle()
        return (json.dumps({"type": "input_audio_buffer.commit"}),)

    def ending(self) -> Iterable[Message]:
        """
        End the last utterance, and ask for a sign that everything before was read.

        A commit is answered like one that the server makes by itself, so that is no sign;
        clearing the buffer, which is empty then, is answered by a message of its own.
        """
        yield from self.flush()
        yield json.dumps({"type": "input_audio_buffer.clear"})

    def decode(self, body: dict[str, Any]) -> Iterable[SpeechEvent]:
        """Make events of one message."""
        kind = str(body["type"])
        if kind in ("session.updated", "transcription_session.updated"):
            self.ready = True
        elif kind == "error":
            self._complaint(body["error"])
        elif kind.startswith("input_audio_buffer."):
            return self._buffer(kind.rpartition(".")[2], body)
        elif kind.startswith(_PREFIX):
            return self._transcription(kind.removeprefix(_PREFIX), body)
        return ()

    # ---- where utterances lie

    def _buffer(self, what: str, body: Mapping[str, Any]) -> list[SpeechEvent]:
        if what == "speech_started":
            return self._started(str(body["item_id"]), self._at(body["audio_start_ms"]))
        if what == "speech_stopped":
            self._items[str(body["item_id"])].end = self._at(body["audio_end_ms"])
        elif what == "committed":
            self._committed(str(body["item_id"]))
        elif what == "cleared":
            self._fenced = True
            self._settle()
        return []

    def _started(self, item_id: str, start: float) -> list[SpeechEvent]:
        self.quiet = False
        if not self._items:
            self.silences.append((max(start, self._said_until), None))
        self._item(item_id, start)
        return [SpeechEvent(SpeechEventType.START_OF_SPEECH, time=start)]

    def _committed(self, item_id: str) -> None:
        if item_id in self._said:
            return
        item = self._item(item_id, self._last_end())
        if item.end is None:  # the server did not end it, so we did
            item.end = self._commits.popleft() if self._commits else self.sent
        item.committed = True
        self._settle()

    def _item(self, item_id: str, start: float) -> _Item:
        """Return the utterance of that name; one that is new begins at *start*."""
        item = self._items.setdefault(item_id, _Item(start))
        if len(self._items) > _MAX_ITEMS:
            raise ValueError(f"more than {_MAX_ITEMS} utterances without a transcript")
        return item

    def _last_end(self) -> float:
        ends = [item.end for item in self._items.values() if item.end is not None]
        return max([self._said_until, *ends])

    def _at(self, milliseconds: float) -> float:
        return self.start + float(milliseconds) / 1000

    # ---- what they say

    def _transcription(self, what: str, body: Mapping[str, Any]) -> Iterable[SpeechEvent]:
        item_id = str(body["item_id"])
        if item_id in self._said:
            return ()
        # A model that gives text while somebody speaks names an utterance that nobody announced.
        item = self._item(item_id, self._last_end())
        if what == "failed":
            raise self._failure(body["error"], "could not transcribe an utterance")
        if what == "delta":
            item.guess = longer_guess(self.name, item.guess, str(body.get("delta") or ""))
            return self._guessed(item, item.guess)
        if what == "completed":
            item.text = str(body["transcript"]).strip()
            item.language = language_of(body)
            item.usage = usage_of(body, max(0.0, (item.end or self.sent) - item.start))
            return list(self._complete())
        return ()

    def _guessed(self, item: _Item, text: str) -> list[SpeechEvent]:
        return [self._say(SpeechEventType.INTERIM_TRANSCRIPT, item, text)] if text.strip() else []

    def _complete(self) -> Iterator[SpeechEvent]:
        """Say the transcripts whose predecessors have been said."""
        while self._items:
            item_id, item = next(iter(self._items.items()))
            if item.text is None:
                break
            del self._items[item_id]
            self._said.append(item_id)
            if item.end is None:
                item.end = self.sent
            self._said_until = item.end
            if item.text:
                yield self._say(SpeechEventType.FINAL_TRANSCRIPT, item, item.text)
            else:
                self.silences.append((item.end, None))
            yield SpeechEvent(SpeechEventType.END_OF_SPEECH, time=item.end)
        self.quiet = not (self._detects and self._items)
        self._settle()

    def _say(self, kind: SpeechEventType, item: _Item, text: str) -> SpeechEvent:
        end = self.sent if item.end is None else item.end
        said = SpeechData(item.language or self._language, text.strip(), item.start, end)
        return SpeechEvent(kind, alternatives=[said], recognition_usage=item.usage)

    def _settle(self) -> None:
        waiting = [item for item in self._items.values() if item.committed]
        self.done = self._fenced and not waiting
        self.pongs_count = not waiting and not self._commits

    # ---- complaints

    def _complaint(self, error: Mapping[str, Any]) -> None:
        empty = str(error.get("message")).startswith(_COMMIT_FAILED)
        if error.get("code") == _EMPTY or empty:
            if self._commits:
                self._commits.popleft()
            self._settle()
            return
        raise self._failure(error, "reports a failure")

    def _failure(self, error: Mapping[str, Any], what: str) -> APIError:
        kind, code = str(error.get("type")), str(error.get("code"))
        message = f"{self.name} {what}: {error.get('message')} ({kind}, {code})"
        if code in ("invalid_api_key", "insufficient_quota") or kind == "authentication_error":
            return APIStatusError(message, status_code=401, retryable=False)
        passing = kind in _PASSING or code in _PASSING or kind != "invalid_request_error"
        return APIError(message, body=dict(error), retryable=passing)
