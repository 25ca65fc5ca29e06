"""OpenAI's Realtime protocol for transcription from the server's side; no input or output."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from ..audio.frame import AudioFrame
from ..events import SpeechEvent, SpeechEventType
from .encodings import ENCODINGS, decode_samples
from .fields import json_object
from .openai_realtime_items import Items
from .openai_realtime_settings import RealtimeSettings, read_settings
from .server_session import ClientError, Command, End, Flush, Say, ServerSession
from .session import Message

__all__ = ("RealtimeServerSession",)

_EMPTY = "input_audio_buffer_commit_empty"
_SHORTEST = 0.1  # seconds that a commit has to hold, as OpenAI has it


class RealtimeServerSession(ServerSession):
    """
    One transcription session.

    With turn detection, the engine says where utterances begin and end; without, each commit is
    one. A `delta` is text that will not change, so one comes with each final.

    Args:
        session_id: what the session is called.
        models: the models that may be asked for; none for any.
    """

    language: str | None
    close_code: int

    def __init__(self, session_id: str, models: Iterable[str] = ()) -> None:
        self.settings: RealtimeSettings = RealtimeSettings()
        """What the client asked for."""
        self._id = session_id
        self._models = frozenset(models)
        self._numbers = count(1)
        self._items = Items(self._write)
        self._rest = b""
        self._begun = False
        self._committed = 0.0
        self._cleared = (0.0, 0.0)
        self._flushes = 0
        self._clears = 0
        self._asked = 0
        """Commits of a client whose utterances the engine ends, and that are not answered."""
        self._held: float | None = None
        """Where an utterance ended meanwhile: because of the commit, unless more comes first."""

    def greet(self) -> Iterable[Message]:
        """Say that the session exists."""
        yield self._write("session.created", session=self.settings.body(self._id))

    # ---- what the client says

    def receive(self, message: Message) -> Iterable[Command]:
        """Understand one message."""
        try:
            body = json_object(message)
            kind = str(body["type"])
        except (LookupError, ValueError, RecursionError) as exc:
            raise ClientError("a message is a JSON object with a type") from exc
        match kind:
            case "input_audio_buffer.append":
                return self._append(body.get("audio"))
            case "input_audio_buffer.commit":
                return self._commit()
            case "input_audio_buffer.clear":
                return self._clear()
            case "session.update":
                return (self._update(body, "session.updated"),)
            case "transcription_session.update":
                return (self._update(body, "transcription_session.updated"),)
            case "input_audio_buffer.done":
                return (End(),)
        raise ClientError(f"a message of type {kind!r} is not known", "type")

    def _update(self, body: Mapping[str, Any], answer: str) -> Say:
        settings = read_settings(body.get("session"), self.settings)
        if self._models and settings.model and settings.model not in self._models:
            raise ClientError(f"there is no model {settings.model!r}", "model", status=404)
        changed = (settings.encoding, settings.rate) != (self.settings.encoding, self.settings.rate)
        if self._begun and (changed or settings.language != self.settings.language):
            raise ClientError("format and language cannot change after audio", "session")
        self.settings = settings
        self.language = settings.language
        return Say(self._write(answer, session=settings.body(self._id)))

    def _append(self, text: object) -> Iterable[Command]:
        if not isinstance(text, str):
            raise ClientError("audio is samples in base64", "audio")
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as exc:
            raise ClientError(f"audio is samples in base64: {exc}", "audio") from exc
        self._begun = True
        data = self._rest + data
        width = ENCODINGS[self.settings.encoding]
        whole = len(data) - len(data) % width
        self._rest = data[whole:]
        if not whole:
            return ()
        samples = decode_samples(data[:whole], self.settings.encoding)
        return (AudioFrame(samples, self.settings.rate, 1, whole // width),)

    def _commit(self) -> Iterable[Command]:
        if self.sent - self._committed < _SHORTEST and not self._items.speaking:
            return (Say(self._empty()),)
        self._committed = self.sent
        self._flushes += 1
        if self.settings.detects:
            self._asked += 1
            return (Flush("commit"),)
        item = self._items.begin(self._cleared[1])
        return (*map(Say, self._items.commit(item, self.sent)), Flush(item.id))

    def _clear(self) -> Iterable[Command]:
        if self.sent > self._committed:
            self._cleared = (self._committed, self.sent)
            self._committed = self.sent
            self._items.forget()
            self._flushes += 1
            self._clears += 1
            return (Flush("clear"),)
        if self._flushes:  # what was committed comes first
            self._clears += 1
            return ()
        return (Say(self._write("input_audio_buffer.cleared")),)

    # ---- what the stream says

    def tell(self, event: SpeechEvent) -> Iterable[Message]:
        """Say where utterances are, and what is said in them."""
        detects = self.settings.detects
        match event.type:
            case SpeechEventType.START_OF_SPEECH if detects:
                start = self.sent if event.time is None else event.time
                return [*self._release(), *self._items.start(start)]
            case SpeechEventType.FINAL_TRANSCRIPT if event.alternatives:
                said = event.alternatives[0]
                first, last = self._cleared
                if first <= said.start_time and said.end_time <= last and last > 0:
                    return ()
                return self._items.final(said, complete=detects)
            case SpeechEventType.END_OF_SPEECH if detects:
                end = self.sent if event.time is None else event.time
                if self._asked and self._items.speaking:
                    self._held = end
                    return ()
                return self._items.end(end)
        return ()

    def _release(self, *, asked: bool = False) -> Iterable[Message]:
        """Say that an utterance ended, by itself or because the client *asked*."""
        held, self._held = self._held, None
        return () if held is None else self._items.end(held, asked=asked)

    def flushed(self, flush: Flush) -> Iterable[Message]:
        """Say the transcript of what was committed."""
        self._flushes -= 1
        if flush.name == "commit":
            self._asked -= 1
            yield from [*self._release(asked=True)] or [self._empty()]
        elif flush.name != "clear":
            yield from self._items.complete(flush.name)
        if not self._flushes:
            for _ in range(self._clears):
                yield self._write("input_audio_buffer.cleared")
            self._clears = 0

    def covered(self, until: float) -> Iterable[Message]:
        """Complete utterances that turned out to be none."""
        return self._items.covered(until) if self.settings.detects else ()

    def lost(self, start: float, end: float) -> Iterable[Message]:
        """Name audio that was not recognised; the session goes on."""
        message = f"{start:.3f} s to {end:.3f} s of the audio could not be recognised"
        yield self._error("server_error", "audio_lost", message)

    def finished(self) -> Iterable[Message]:
        """Complete what is left."""
        return [*self._release(), *self._items.covered(float("inf"))]

    def refused(self, error: ClientError) -> Iterable[Message]:
        """Say what was not understood; the session goes on."""
        code = "model_not_found" if error.status == 404 else "invalid_value"
        yield self._error("invalid_request_error", code, str(error), error.parameter)

    def failed(self, reason: str) -> Iterable[Message]:
        """Say that the engine failed, and end."""
        self.close_code = 1011
        yield from self._release()
        yield from self._items.fail(reason)
        yield self._error("server_error", "engine_failed", reason)

    def _empty(self) -> Message:
        message = "Error committing input audio buffer: buffer too small"
        return self._error("invalid_request_error", _EMPTY, message)

    def _error(self, kind: str, code: str, message: str, param: str | None = None) -> Message:
        error = {"type": kind, "code": code, "message": message, "param": param}
        return self._write("error", error=error)

    def _write(self, kind: str, **fields: object) -> Message:
        number = next(self._numbers)
        return json.dumps({"type": kind, "event_id": f"event_{number}", **fields})
