"""OpenAI's side of a realtime session."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ...events import SpeechEvent, SpeechEventType
from ...wire.openai_realtime_server import RealtimeServerSession
from .realtime_habits import RealtimeHabits
from .service import Message, Reply, Service
from .session_service import SessionService
from .words import Utterance

__all__ = ("RealtimeManners", "RealtimeService", "realtime_error", "realtime_reply")

_LIVE = ("gpt-live-transcribe", "gpt-realtime-whisper")
_UNSERVED = ("prompt", "keywords")


class RealtimeManners(Service):
    """How the dialects misbehave."""

    foreign: Message = '{"partial": ""}'

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._habits = RealtimeHabits()

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


class RealtimeService(RealtimeManners, SessionService[RealtimeServerSession]):
    """
    OpenAI's side of one transcription session.

    Models that give text while somebody speaks take no turn detection, and say deltas of an
    utterance that nothing announced.
    """

    ending: bool

    def __init__(self) -> None:
        super().__init__(RealtimeServerSession("session_1"))
        self._waiting: list[SpeechEvent] = []
        self._told = 0
        self._spoken = False

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer one message."""
        body = json.loads(message, object_hook=_served)
        kind = body["type"]
        self.note("audio" if kind == "input_audio_buffer.append" else kind)
        self.ending = self.ending or kind == "input_audio_buffer.clear"
        if kind == "input_audio_buffer.commit" and not (self._spoken or self.speaking):
            return [realtime_error("buffer too small", "input_audio_buffer_commit_empty")]
        replies = self.answers(json.dumps(body))
        self._spoken = self._spoken and kind != "input_audio_buffer.commit"
        if "update" in kind and self._live and self._detects:
            return [realtime_error("turn detection is not supported for this model")]
        return replies

    def is_final(self, message: Message) -> bool:
        """Whether it is the transcript of an utterance."""
        return str(json.loads(message)["type"]).endswith("transcription.completed")

    def events(self, said: Utterance, channel: int) -> Iterator[SpeechEvent]:
        """Say what an engine would, when OpenAI says it."""
        self._spoken = (self._spoken or bool(said.words)) and not (said.final and self._detects)
        if self._live:
            words, self._told = said.words[self._told :], 0 if said.final else len(said.words)
            for word in words:
                data = replace(said.data, text=word.text, words=None)
                yield SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, alternatives=[data])
            return
        said = replace(said, endpoint=said.final and bool(said.words))
        events = super().events(said, channel)
        if self._detects:  # the words come behind the end
            yield from sorted(events, key=lambda event: bool(event.alternatives))
        else:
            self._waiting += events

    def finish(self) -> Iterator[Reply]:
        """Say what was committed."""
        yield from super().finish()
        waiting, self._waiting = self._waiting, []
        yield from self.replies(each for event in waiting for each in self.session.tell(event))

    @property
    def _detects(self) -> bool:
        return self.session.settings.detects

    @property
    def _live(self) -> bool:
        return str(self.session.settings.model).startswith(_LIVE)


def _served(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _UNSERVED}


def realtime_reply(kind: str, *, final: bool = False, **fields: object) -> Reply:
    """Write one message."""
    return Reply(json.dumps({"type": kind, "event_id": "event_1", **fields}), final=final)


def realtime_error(message: str, code: str | None = None) -> Reply:
    """Write the complaint that a request is wrong."""
    error = {"type": "invalid_request_error", "code": code, "message": message}
    return realtime_reply("error", error=error)
