"""OpenAI's side of a realtime session."""

from __future__ import annotations

import base64
import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from .realtime_habits import RealtimeHabits
from .service import Message, Reply, Service
from .words import Recogniser, Utterance

__all__ = ("RealtimeProtocol", "RealtimeService", "realtime_error", "realtime_reply")

_LIVE = ("gpt-live-transcribe", "gpt-realtime-whisper")


class RealtimeProtocol(Service):
    """What the dialects share: JSON, with the audio in it."""

    foreign: Message = '{"partial": ""}'

    def __init__(self) -> None:
        super().__init__()
        self._habits = RealtimeHabits()

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer one message."""
        body = json.loads(message)
        kind = body["type"]
        if kind != "input_audio_buffer.append":
            self.note(kind)
            return self._obey(kind, body)
        self.note("audio")
        return list(self._listen(np.frombuffer(base64.b64decode(body["audio"]), np.int16)))

    def bent(self, replies: Iterable[Reply]) -> Iterable[Reply]:
        """Bend what is said of items."""
        return self._habits.bend(replies, self.habit, flushed=self.log[-1:] != ["audio"])

    def refusal(self, reply: Reply) -> Reply:
        """Say that the utterance cannot be transcribed."""
        body = json.loads(str(reply.message))
        if "item_id" not in body:
            return reply
        kind = "conversation.item.input_audio_transcription.failed"
        error = {"type": "x", "code": "audio_unintelligible", "message": "unintelligible"}
        item = {"item_id": body["item_id"], "content_index": 0}
        return realtime_reply(kind, final=True, **item, error=error)

    @abstractmethod
    def _obey(self, kind: str, body: dict[str, Any]) -> Iterable[Reply]:
        """Answer what is no audio."""

    @abstractmethod
    def _listen(self, samples: npt.NDArray[np.int16]) -> Iterable[Reply]:
        """Answer audio."""


class RealtimeService(RealtimeProtocol):
    """
    OpenAI's side of one transcription session.

    Models that give text while somebody speaks take no turn detection, and say deltas of an
    utterance that nothing announced.
    """

    restarted: bool
    done: bool
    heard: float

    def __init__(self) -> None:
        super().__init__()
        self._rate = 24000
        self._vad = True
        self._live = False
        self._recogniser = Recogniser(self._rate)
        self._number = 0
        self._open = False
        self._waiting: list[Utterance] = []

    def greet(self) -> Iterable[Reply]:
        """Say that the session exists."""
        return [realtime_reply("session.created", session={"type": "transcription"})]

    def _obey(self, kind: str, body: dict[str, Any]) -> Iterable[Reply]:
        match kind:
            case "session.update":
                settings = body["session"]["audio"]["input"]
                return self._set_up(settings, settings["format"]["rate"], "session.updated")
            case "transcription_session.update":
                return self._set_up(body["session"], 24000, "transcription_session.updated")
            case "input_audio_buffer.commit":
                return list(self._commit())
            case "input_audio_buffer.clear":
                self.ending = True
                return [realtime_reply("input_audio_buffer.cleared")]
        return [realtime_error(kind)]

    def _set_up(self, settings: dict[str, Any], rate: int, answer: str) -> list[Reply]:
        self._vad = settings.get("turn_detection") is not None
        asked = settings.get("transcription") or settings["input_audio_transcription"]
        self._live = str(asked["model"]).startswith(_LIVE)
        if self._live and self._vad:
            return [realtime_error("turn detection is not supported for this model")]
        self._rate = rate
        self._recogniser = Recogniser(rate)
        return [realtime_reply(answer, session=settings)]

    def _listen(self, samples: npt.NDArray[np.int16]) -> Iterator[Reply]:
        if self.restarts(self.heard):
            self.restarted = self._recogniser.begin_anew()
        for said in self._recogniser.feed(samples):
            if self._vad:
                yield from self._detect(said)
            elif self._live and not said.final:
                yield self._delta(said.words[-1].text)
            elif said.final and said.words:
                self._waiting.append(said)
        self.heard = self._recogniser.heard

    def _detect(self, said: Utterance) -> Iterator[Reply]:
        if said.words and not self._open:
            self._open = True
            start = round(said.words[0].start * 1000)
            yield self._buffer("speech_started", audio_start_ms=start)
        if said.words and said.final:
            yield self._buffer("speech_stopped", audio_end_ms=round(said.end * 1000))
            yield from self._transcribe([said])

    def _commit(self) -> Iterator[Reply]:
        finals = [*self._waiting, *self._recogniser.finish()]
        self._waiting = []
        if any(each.words for each in finals):
            yield from self._transcribe(finals)
        else:
            yield realtime_error("buffer too small", "input_audio_buffer_commit_empty")

    def _transcribe(self, finals: list[Utterance]) -> Iterator[Reply]:
        before = f"item_{self._number - 1}" if self._number else None
        yield self._buffer("committed", previous_item_id=before)
        words = [word.text for each in finals for word in each.words]
        if not self._live:  # it has said them
            yield from map(self._delta, words)
        yield self._transcription(
            "completed",
            final=True,
            transcript=" ".join(words),
            usage={"type": "duration", "seconds": finals[-1].end - finals[0].start},
        )
        self._number, self._open = self._number + 1, False

    def _delta(self, word: str) -> Reply:
        return self._transcription("delta", delta=f"{word} ")

    def _transcription(self, what: str, *, final: bool = False, **fields: Any) -> Reply:
        kind = f"conversation.item.input_audio_transcription.{what}"
        item = {"item_id": f"item_{self._number}", "content_index": 0}
        return realtime_reply(kind, final=final, **item, **fields)

    def _buffer(self, what: str, **fields: Any) -> Reply:
        kind = f"input_audio_buffer.{what}"
        return realtime_reply(kind, item_id=f"item_{self._number}", **fields)


def realtime_reply(kind: str, *, final: bool = False, **fields: object) -> Reply:
    """Write one message."""
    return Reply(json.dumps({"type": kind, "event_id": "event_1", **fields}), final=final)


def realtime_error(message: str, code: str | None = None) -> Reply:
    """Write the complaint that a request is wrong."""
    error = {"type": "invalid_request_error", "code": code, "message": message}
    return realtime_reply("error", error=error)
