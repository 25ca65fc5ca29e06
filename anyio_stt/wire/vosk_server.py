"""Vosk's messages from the server's side: one answer to each piece of audio."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..audio.frame import AudioFrame
from ..events import SpeechData, SpeechEvent, SpeechEventType
from .fields import json_object
from .server_session import ClientError, Command, End, Flush, Say, ServerSession
from .session import Message

__all__ = ("VoskServerSession",)

_INTERIMS = (SpeechEventType.INTERIM_TRANSCRIPT, SpeechEventType.PREFLIGHT_TRANSCRIPT)
_RATES = range(1000, 192_001)
_FIELDS = {"sample_rate", "words", "phrase_list", "max_alternatives", "model"}


class VoskServerSession(ServerSession):
    """
    One connection.

    Each piece of audio has one answer, at once: the oldest final that was not told yet, or the
    guess so far. At the end, one answer holds all that is left.
    """

    close_code: int

    def __init__(self) -> None:
        self._rate = 16000
        self._words = False
        self._alternatives = 0
        self._rest = b""
        self._begun = False
        self._guess = ""
        self._finals: list[list[SpeechData]] = []
        self._lost: list[tuple[float, float]] = []
        self._ended = False

    def receive(self, message: Message) -> Iterable[Command]:
        """Understand audio, the configuration and the commands."""
        if isinstance(message, bytes):
            return self._audio(message)
        try:
            body = json_object(message)
        except (ValueError, RecursionError) as exc:
            raise ClientError("a text message is a JSON object") from exc
        if "config" in body:
            self._configure(body["config"])
            return ()
        if body.get("eof"):
            self._ended = True
            return (End(),)
        if body.get("reset"):
            return (Flush("reset", waits=True),)
        raise ClientError("a text message holds config, eof or reset")

    def _configure(self, config: Any) -> None:
        if not isinstance(config, dict):
            raise ClientError("config is a JSON object", "config")
        unknown = sorted(set(config) - _FIELDS)
        if config.get("phrase_list") or unknown:
            name = unknown[0] if unknown else "phrase_list"
            raise ClientError(f"{name} is not served: leave it out", str(name))
        rate, most = config.get("sample_rate", self._rate), config.get("max_alternatives", 0)
        if not isinstance(rate, (int, float)) or int(rate) not in _RATES:
            raise ClientError(f"sample_rate must be 1000 to 192000, got {rate!r}", "sample_rate")
        if self._begun and int(rate) != self._rate:
            raise ClientError("sample_rate cannot change after audio", "sample_rate")
        if not isinstance(most, int):
            raise ClientError(f"max_alternatives must be a number, got {most!r}")
        self._rate, self._alternatives = int(rate), most
        self._words = bool(config.get("words"))

    def _audio(self, data: bytes) -> Iterable[Command]:
        self._begun = True
        data = self._rest + data
        whole = len(data) - len(data) % 2
        self._rest = data[whole:]
        if whole:
            yield AudioFrame(data[:whole], self._rate, 1, whole // 2)
        yield Say(self._answer())  # when the audio was taken: it may be known at once

    def tell(self, event: SpeechEvent) -> Iterable[Message]:
        """Keep what was said for the next answer."""
        if event.type is SpeechEventType.FINAL_TRANSCRIPT and event.alternatives:
            self._guess = ""
            self._finals.append(event.alternatives)
        elif event.type in _INTERIMS and event.alternatives:
            self._guess = event.alternatives[0].text
        return ()

    def flushed(self, flush: Flush) -> Iterable[Message]:  # noqa: ARG002
        """Say the result of what came before a reset."""
        yield self._all()

    def lost(self, start: float, end: float) -> Iterable[Message]:
        """Name audio that was not recognised in the next result."""
        self._lost.append((start, end))
        return ()

    def finished(self) -> Iterable[Message]:
        """Say the last result, if the client asked for it."""
        if self._ended:
            yield self._all()

    def refused(self, error: ClientError) -> Iterable[Message]:  # noqa: ARG002
        """End: the protocol has no word for it."""
        self.close_code = 1008
        return ()

    def failed(self, reason: str) -> Iterable[Message]:  # noqa: ARG002
        """End: the protocol has no word for it."""
        self.close_code = 1011
        return ()

    def _answer(self) -> Message:
        if self._finals:
            return self._result([self._finals.pop(0)])
        return json.dumps({"partial": self._guess}, ensure_ascii=False)

    def _all(self) -> Message:
        finals, self._finals = self._finals, []
        return self._result(finals)

    def _result(self, finals: list[list[SpeechData]]) -> Message:
        best = [readings[0] for readings in finals]
        if self._alternatives and len(finals) == 1:
            readings = finals[0][: self._alternatives]
            body: dict[str, Any] = {"alternatives": [self._reading([each]) for each in readings]}
        elif self._alternatives:
            body = {"alternatives": [self._reading(best)]}
        else:
            body = self._reading(best)
        if self._lost:
            body["lost"], self._lost = self._lost, []
        return json.dumps(body, ensure_ascii=False)

    def _reading(self, said: list[SpeechData]) -> dict[str, Any]:
        body: dict[str, Any] = {"text": " ".join(each.text for each in said if each.text)}
        if self._alternatives:
            body["confidence"] = min((each.confidence for each in said), default=0.0)
        words = [word for each in said for word in each.words or ()]
        if self._words and words:
            body["result"] = [
                {
                    "conf": round(word.confidence, 6),
                    "start": round(word.start_time, 6),
                    "end": round(word.end_time, 6),
                    "word": word.text,
                }
                for word in words
            ]
        return body
