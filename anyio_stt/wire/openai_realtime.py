"""OpenAI's Realtime protocol for transcription; no input or output."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..events import RecognitionUsage, SpeechData, SpeechEvent, SpeechEventType
from .fields import number, text_of
from .openai import language_of, usage_of
from .pauses import is_too_long
from .realtime_errors import is_harmless, is_passing, realtime_failure, says_empty
from .realtime_utterance import RealtimeUtterance
from .session import ClientSession, Message, believed, longer_guess

__all__ = ("RealtimeSession", "append_message")

_PREFIX = "conversation.item.input_audio_transcription."
_MAX_ITEMS = 1000  # utterances that may wait for their transcripts
_MAX_SAID = 100  # how many of those that were said are remembered
_SHORTEST = 0.1  # seconds; less audio is no utterance to these servers


class RealtimeSession(ClientSession):
    """
    One transcription session.

    Transcripts of utterances may come in any order and are said in theirs. The END of one comes
    when its speech stops, its FINAL when it is transcribed: somebody may speak again meanwhile.

    Args:
        start: where on the attempt's clock it begins.
        update: the message that sets the session up.
        language: what is spoken, where the server does not say.
        detects: whether the server ends utterances.
    """

    done: bool
    quiet: bool

    def __init__(
        self, start: float, *, update: Mapping[str, Any], language: str = "", detects: bool = True
    ) -> None:
        super().__init__(start)
        self._update = update
        self._language = language
        self._detects = detects
        self.ready: bool = False
        self._items: dict[str, RealtimeUtterance] = {}
        self._commits: deque[float] = deque()
        """How much audio had been said with each of our commits that was not answered."""
        self._committed_until = start
        self._said: deque[str] = deque(maxlen=_MAX_SAID)
        self._said_until = self._charged_until = start
        self._fenced = False
        self._owing = False
        self._empty_until = self._taken = start

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
        message = append_message(mix_down(frame).pcm)
        waits = self._detects and self.quiet  # for somebody to speak
        if waits or not is_too_long(self.sent - self._committed_until, frame):
            return (message,)
        return (message, *self.flush())

    def flush(self) -> Iterable[Message]:
        """End the utterance; if there is none, the server says so, and that is no error."""
        if self.sent - self._committed_until < _SHORTEST:
            self._empty(self.sent)  # too short to be sent alone: it goes with what comes next
            return ()
        return self._commit()

    def ending(self) -> Iterable[Message]:
        """
        End the last utterance, and ask for a sign that everything before was read.

        A commit is answered like one that the server makes by itself, so that is no sign;
        clearing the buffer, which is empty then, is answered by a message of its own.
        """
        yield from self._commit()
        yield json.dumps({"type": "input_audio_buffer.clear"})

    def pong(self) -> bool:
        """
        Whether the answer to a ping is a sign of life.

        A server says nothing while nobody speaks, and while somebody does; but it owes an answer
        to a commit, and a transcript of what is committed.
        """
        return not self._owing

    def decode(self, body: dict[str, Any]) -> Iterable[SpeechEvent]:
        """Make events of one message."""
        kind = text_of(body["type"])
        if kind in ("session.updated", "transcription_session.updated"):
            self._updated()
        elif kind == "error":
            self._complaint(body["error"])
        elif kind.startswith("input_audio_buffer."):
            return list(self._buffer(kind.rpartition(".")[2], body))
        elif kind.startswith(_PREFIX):
            return list(self._transcription(kind.removeprefix(_PREFIX), body))
        return ()

    def _updated(self) -> None:
        self.ready = True

    def _commit(self) -> Iterable[Message]:
        self._commits.append(self.sent)
        self._committed_until = self.sent
        self._settle()
        return (json.dumps({"type": "input_audio_buffer.commit"}),)

    # ---- where utterances lie

    def _buffer(self, what: str, body: Mapping[str, Any]) -> Iterable[SpeechEvent]:
        match what:
            case "speech_started":
                return self._started(_item_id(body), self._at(body["audio_start_ms"]))
            case "speech_stopped":
                return self._stopped(_item_id(body), self._at(body["audio_end_ms"]))
            case "committed":
                self._committed(_item_id(body))
            case "cleared":
                self._fenced = True
                self._settle()
        return ()

    def _started(self, item_id: str, start: float) -> Iterator[SpeechEvent]:
        if item_id in self._said or item_id in self._items:
            return
        self.quiet = False
        if not self._items:
            self.silences.append((max(start, self._said_until), None))
        for earlier in self._items.values():  # its stop was not told
            yield from self._end(earlier, start)
        self._item(item_id, start).open = True
        yield SpeechEvent(SpeechEventType.START_OF_SPEECH, time=start)

    def _stopped(self, item_id: str, end: float) -> Iterable[SpeechEvent]:
        item = self._items.get(item_id)
        if item is None:  # it was said already
            return ()
        item.end = max(end, item.start)
        return self._end(item, item.end)

    def _end(self, item: RealtimeUtterance, time: float) -> Iterator[SpeechEvent]:
        if item.open:
            item.open = False
            yield SpeechEvent(SpeechEventType.END_OF_SPEECH, time=time)

    def _committed(self, item_id: str) -> None:
        if item_id in self._said:
            return
        item = self._item(item_id, self._last_end())
        if item.end is None:  # the server did not end it, so we did
            item.assumed = not self._commits
            item.end = self._taken = self._commits.popleft() if self._commits else self.sent
        item.committed = True
        self._committed_until = max(item.end, self._committed_until)
        self._settle()

    def _item(self, item_id: str, start: float) -> RealtimeUtterance:
        """Return the utterance of that name; one that is new begins at *start*."""
        item = self._items.setdefault(item_id, RealtimeUtterance(start))
        if len(self._items) > _MAX_ITEMS:
            raise ValueError(f"more than {_MAX_ITEMS} utterances without a transcript")
        return item

    def _last_end(self) -> float:
        ends = [item.end for item in self._items.values() if item.end is not None]
        return max([self._said_until, *ends])

    def _at(self, milliseconds: object) -> float:
        return self.start + number(milliseconds) / 1000

    # ---- what they say

    def _transcription(self, what: str, body: Mapping[str, Any]) -> Iterable[SpeechEvent]:
        item_id = _item_id(body)
        if item_id in self._said or what not in ("delta", "completed", "failed"):
            return ()
        # A model that gives text while somebody speaks names an utterance that nobody announced.
        item = self._item(item_id, self._last_end())
        if what == "delta":
            item.guess = longer_guess(self.name, item.guess, text_of(body.get("delta") or ""))
            return self._guessed(item, item.guess)
        if what == "failed":
            error = body.get("error") or {}
            item.failure = realtime_failure(error, f"{self.name} could not transcribe an utterance")
            if is_passing(error):
                raise item.failure
            item.text = ""
        else:
            item.text = believed(text_of(body["transcript"]), item.guess)
            item.end_as_charged(body)
        item.language = language_of(body)
        item.usage = usage_of(body, max(0.0, (item.end or self.sent) - item.start))
        return self._complete()

    def _guessed(self, item: RealtimeUtterance, text: str) -> list[SpeechEvent]:
        """Guess while its segment is open: behind its END there is room for its FINAL only."""
        over = item.end is not None and not item.open and self._detects
        if over or not text.strip():
            return []
        return [self._say(SpeechEventType.INTERIM_TRANSCRIPT, item, text)]

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
            self._said_until = max(item.end, self._said_until)
            yield from self._told(item, item.text, item.end)
        self.quiet = not (self._detects and self._items)
        if self._said_until < self._empty_until:
            self._empty(self._empty_until)
        self._settle()

    def _told(self, item: RealtimeUtterance, text: str, end: float) -> Iterator[SpeechEvent]:
        if text:
            yield self._say(SpeechEventType.FINAL_TRANSCRIPT, item, text)
        elif item.failure is not None:
            self.refusals.append((item.failure, item.start, end))
        else:
            self.silences.append((end, None))
        if item.usage is not None:
            seconds = max(0.0, end - self._charged_until)
            usage = RecognitionUsage(seconds, item.usage.input_tokens, item.usage.output_tokens)
            self._charged_until = max(end, self._charged_until)
            yield SpeechEvent(SpeechEventType.RECOGNITION_USAGE, recognition_usage=usage)
        if item.open or not self._detects:
            yield SpeechEvent(SpeechEventType.END_OF_SPEECH, time=end)

    def _say(self, kind: SpeechEventType, item: RealtimeUtterance, text: str) -> SpeechEvent:
        end = self.sent if item.end is None else item.end
        said = SpeechData(item.language or self._language, text.strip(), item.start, end)
        return SpeechEvent(kind, alternatives=[said])

    def _settle(self) -> None:
        waiting = [item for item in self._items.values() if item.committed]
        self.done = self._fenced and not waiting
        self._owing = bool(waiting or self._commits)

    # ---- complaints

    def _complaint(self, error: Mapping[str, Any]) -> None:
        if says_empty(error):
            self._empty(self._commits.popleft() if self._commits else self._taken)
            self._settle()
        elif not is_harmless(error):
            raise realtime_failure(error, f"{self.name} reports a failure")

    def _empty(self, until: float) -> None:
        """Nothing is left before *until* but utterances whose transcripts are due."""
        self._empty_until = until
        if all(item.start >= until for item in self._items.values()):
            self.silences.append((until, None))


def append_message(pcm: bytes) -> str:
    """Write the message that says samples."""
    samples = base64.b64encode(pcm).decode()
    return json.dumps({"type": "input_audio_buffer.append", "audio": samples})


def _item_id(body: Mapping[str, Any]) -> str:
    return text_of(body["item_id"])
