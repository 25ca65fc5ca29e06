"""vLLM's realtime protocol for transcription; no input or output."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..events import SpeechData, SpeechEvent, SpeechEventType
from ..exceptions import APIError
from .fields import text_of
from .pauses import is_too_long
from .session import ClientSession, Message, believed, longer_guess

__all__ = ("VllmSession",)

# What is wrong with what we say stays wrong; that a model is unknown is told in words only.
_FINAL = ("invalid_json", "unknown_event", "invalid_audio", "model_not_validated")
_NO_MODEL = "does not exist"


class VllmSession(ClientSession):
    """
    One utterance: vLLM transcribes from a first commit to a final one, and knows no pauses.

    What comes after the final commit may be dropped until the transcript is done, so what
    follows a flush takes a new connection.

    Args:
        start: where on the attempt's clock it begins.
        update: the message that sets the session up.
        language: what is spoken; the server does not say.
    """

    done: bool
    over: bool

    def __init__(self, start: float, *, update: Mapping[str, Any], language: str = "") -> None:
        super().__init__(start)
        self._update = update
        self._language = language
        self.ready: bool = False
        self._guess = ""
        self._begun = False
        self._ending = False

    @property
    def name(self) -> str:
        """Who the provider is."""
        return "vLLM"

    def opening(self) -> Iterable[Message]:
        """Name the model; this is not answered."""
        return (json.dumps(self._update),)

    def audio(self, frame: AudioFrame) -> Iterable[Message]:
        """Say the samples, in text; the first ones after the sign to begin."""
        super().audio(frame)
        self.over = self.over or is_too_long(self.sent - self.start, frame)
        samples = base64.b64encode(mix_down(frame).pcm).decode()
        message = json.dumps({"type": "input_audio_buffer.append", "audio": samples})
        if self._begun:
            return (message,)
        self._begun = True
        return (_commit(final=False), message)

    def flush(self) -> Iterable[Message]:
        """End the utterance, if there is one."""
        self.over = self._begun
        return ()

    def ending(self) -> Iterable[Message]:
        """Ask for the transcript, if anything was said."""
        if not self._begun:
            self.done = True
            return ()
        self._ending = True
        return (_commit(final=True),)

    def pong(self) -> bool:
        """Whether the answer to a ping is a sign of life; it says nothing while it has no text."""
        return not self._ending

    def decode(self, body: dict[str, Any]) -> Iterable[SpeechEvent]:
        """Make events of one message."""
        match text_of(body["type"]):
            case "session.created":
                self.ready = True
            case "transcription.delta":
                return self._grow(text_of(body["delta"]))
            case "transcription.done":
                return self._finish(believed(text_of(body["text"]), self._guess))
            case "error":
                raise _failure(body)
        return ()

    def _grow(self, more: str) -> list[SpeechEvent]:
        self._guess = longer_guess(self.name, self._guess, more)
        text = self._guess.strip()
        return [self._say(SpeechEventType.INTERIM_TRANSCRIPT, text)] if more and text else []

    def _finish(self, text: str) -> list[SpeechEvent]:
        if not self._ending:  # how much of the audio it heard is not known
            raise APIError(
                "vLLM ended a transcript before the audio had ended; flush() more often, or give "
                "the model a longer context"
            )
        self.done = True
        if text:
            return [self._say(SpeechEventType.FINAL_TRANSCRIPT, text)]
        self.silences.append((self.sent, None))
        return []

    def _say(self, kind: SpeechEventType, text: str) -> SpeechEvent:
        said = SpeechData(self._language, text, self.start, self.sent)
        return SpeechEvent(kind, alternatives=[said])


def _commit(*, final: bool) -> str:
    return json.dumps({"type": "input_audio_buffer.commit", "final": final})


def _failure(body: dict[str, Any]) -> APIError:
    said, code = str(body.get("error")), str(body.get("code"))
    retryable = code not in _FINAL and _NO_MODEL not in said
    return APIError(
        f"vLLM reports a failure: {said} ({code})", body=dict(body), retryable=retryable
    )
