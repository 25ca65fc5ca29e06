"""What servers of one's own make of OpenAI's realtime sessions."""

from __future__ import annotations

import base64
import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from .realtime import RealtimeManners, realtime_error, realtime_reply
from .service import Message, Reply
from .words import Recogniser, Utterance

__all__ = ("SpeachesService", "VllmService")

_LATE = 0.1  # seconds by which speaches cuts later than it must


class _Dialect(RealtimeManners):
    """JSON, with the audio in it."""

    def hear(self, message: Message) -> Iterable[Reply]:
        """Answer one message."""
        body = json.loads(message)
        kind = body["type"]
        if kind != "input_audio_buffer.append":
            self.note(kind)
            return self._obey(kind, body)
        self.note("audio")
        return list(self._listen(np.frombuffer(base64.b64decode(body["audio"]), np.int16)))

    @abstractmethod
    def _obey(self, kind: str, body: dict[str, Any]) -> Iterable[Reply]:
        """Answer what is no audio."""

    @abstractmethod
    def _listen(self, samples: npt.NDArray[np.int16]) -> Iterable[Reply]:
        """Answer audio."""


class SpeachesService(_Dialect):
    """
    The side of speaches: a flat session, and time that begins anew with each utterance.

    Args:
        query: of the request; `model` is required there.
    """

    heard: float
    ending: bool

    def __init__(self, query: dict[str, str]) -> None:
        super().__init__()
        self._model = query["model"]
        self._recogniser = Recogniser(24000)
        self._detects = True
        self._number = 0
        self._origin = 0.0
        self._ended: list[Utterance] = []
        self._open = False

    def greet(self) -> Iterable[Reply]:
        """Say that the session exists."""
        return [realtime_reply("session.created", session={})]

    def _obey(self, kind: str, body: dict[str, Any]) -> Iterable[Reply]:
        match kind:
            case "session.update":
                return list(self._set_up(body["session"]))
            case "input_audio_buffer.commit":
                return list(self._commit())
            case "input_audio_buffer.clear":
                self.ending = True
                return [realtime_reply("input_audio_buffer.cleared")]
        return [realtime_error("Invalid client event: 1 validation error(s)")]

    def _set_up(self, session: dict[str, Any]) -> Iterator[Reply]:
        if "input_audio_format" in session:
            yield realtime_error("Specifying `session.input_audio_format` is not supported.")
        self._detects = session.get("turn_detection") is not None
        self.ending = self.heard > 0  # a client may ask so whether all was read
        yield realtime_reply("session.updated", session=session)

    def _listen(self, samples: npt.NDArray[np.int16]) -> Iterator[Reply]:
        said = self._recogniser.feed(samples)
        self.heard = self._recogniser.heard
        self.ending = self.ending and not bool(samples.any())
        for each in said:
            yield from self._detect(each)

    def _detect(self, said: Utterance) -> Iterator[Reply]:
        if not self._detects:
            if said.final and said.words:
                self._ended.append(said)
            return
        if said.words and not self._open:
            self._open = True
            yield self._buffer("speech_started", audio_start_ms=self._ms(said.words[0].start))
        if said.words and not said.final:
            yield self._buffer("partial_transcription", transcript=said.text)
        if said.words and said.final:
            yield self._buffer("speech_stopped", audio_end_ms=self._ms(said.words[-1].end))
            yield from self._transcribe([said], min(said.end + _LATE, self.heard))

    def _ms(self, seconds: float) -> int:
        return round((seconds - self._origin) * 1000)

    def _commit(self) -> Iterator[Reply]:
        finals = [*self._ended, *self._recogniser.finish()]
        self._ended = []
        if any(each.words for each in finals):
            yield from self._transcribe(finals, self.heard)
        else:
            yield realtime_error(
                "Error committing input audio buffer: buffer too small. Expected at least 100ms "
                "of audio, but buffer only has 0.00ms of audio."
            )

    def _transcribe(self, finals: list[Utterance], cut: float) -> Iterator[Reply]:
        yield self._buffer("committed", previous_item_id=None)
        yield realtime_reply(
            "conversation.item.input_audio_transcription.completed",
            final=True,
            item_id=f"item_{self._number}",
            content_index=0,
            transcript=" ".join(word.text for each in finals for word in each.words),
            usage={"type": "duration", "seconds": cut - self._origin},
        )
        self._origin, self._number, self._open = cut, self._number + 1, False

    def _buffer(self, what: str, **fields: Any) -> Reply:
        kind = f"input_audio_buffer.{what}"
        return realtime_reply(kind, item_id=f"item_{self._number}", **fields)


class VllmService(_Dialect):
    """The side of vLLM: one transcript from a first commit to a final one."""

    heard: float

    def __init__(self) -> None:
        super().__init__()
        self._recogniser = Recogniser(16000)
        self._model = False
        self._begun = False
        self._words: list[str] = []

    def greet(self) -> Iterable[Reply]:
        """Say that the session exists."""
        return [_plain("session.created", id="sess-1", created=1)]

    def _obey(self, kind: str, body: dict[str, Any]) -> Iterable[Reply]:
        match kind:
            case "session.update":
                self._model = bool(body["model"])
                return []
            case "input_audio_buffer.commit" if not self._model:
                return [_plain("error", error="Model not validated.", code="model_not_validated")]
            case "input_audio_buffer.commit":
                self._begun = True
                return self._finish() if body.get("final") else []
        return [_plain("error", error=f"Unknown event type: {kind}", code="unknown_event")]

    def _listen(self, samples: npt.NDArray[np.int16]) -> list[Reply]:
        said = self._recogniser.feed(samples)
        self.heard = self._recogniser.heard
        return self._tell([each for each in said if not each.final])

    def _tell(self, said: list[Utterance]) -> list[Reply]:
        new = [each.words[-1].text for each in said if each.words]
        self._words += new
        return [_plain("transcription.delta", delta=f" {word}") for word in new]

    def _finish(self) -> list[Reply]:
        last = [each.words[-1].text for each in self._recogniser.finish() if each.words]
        missing = [word for word in last if word not in self._words[-1:]]
        deltas = [_plain("transcription.delta", delta=f" {word}") for word in missing]
        self.ending = True
        text = " ".join([*self._words, *missing])
        return [*deltas, _plain("transcription.done", final=True, text=text, usage=None)]


def _plain(kind: str, *, final: bool = False, **fields: object) -> Reply:
    return Reply(json.dumps({"type": kind, **fields}), final=final)
