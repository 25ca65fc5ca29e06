"""Wyoming's events: one utterance a connection; no input or output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..events import SpeechData, SpeechEvent, SpeechEventType
from ..exceptions import APIError
from .session import ClientSession, Message, longer_guess
from .wyoming_events import encode_event

__all__ = ("WyomingSession",)


class WyomingSession(ClientSession):
    """
    One utterance: audio until a flush or the end, and its transcript.

    Many servers hang up after a transcript, so what follows a flush takes a new connection.

    Args:
        start: where on the attempt's clock it begins.
        transcribe: what is asked for, the data of the event of that name.
        language: what is spoken, where the server does not say.
    """

    over: bool
    done: bool

    def __init__(self, start: float, *, transcribe: Mapping[str, Any], language: str = "") -> None:
        super().__init__(start)
        self._transcribe = transcribe
        self._language = language
        self._guess = ""
        self._begun = False

    def audio(self, frame: AudioFrame) -> Iterable[Message]:
        """Say the samples, after what comes first."""
        super().audio(frame)
        mono = mix_down(frame)
        form = {"rate": mono.sample_rate, "width": 2, "channels": 1}
        chunk = encode_event("audio-chunk", form, mono.pcm)
        if self._begun:
            return (chunk,)
        self._begun = True
        transcribe = encode_event("transcribe", self._transcribe)
        return (transcribe, encode_event("audio-start", form), chunk)

    def flush(self) -> Iterable[Message]:
        """End the utterance, if there is one."""
        self.over = self._begun
        return ()

    def ending(self) -> Iterable[Message]:
        """Ask for the transcript, if anything was said."""
        if not self._begun:
            self.done = True
            return ()
        return (encode_event("audio-stop"),)

    def decode(self, body: dict[str, Any]) -> Iterable[SpeechEvent]:
        """Make events of one event."""
        data = body["data"]
        match body["type"]:
            case "transcript":
                self.done = True
                return self._final(str(data["text"]).strip(), data.get("language"))
            case "transcript-chunk":
                self._guess = longer_guess(self.name, self._guess, str(data["text"]))
                return [self._say(SpeechEventType.INTERIM_TRANSCRIPT, self._guess.strip(), None)]
            case "error":
                raise APIError(
                    f"Wyoming reports a failure: {data.get('text')}",
                    body={"code": data.get("code")},
                )
        return ()

    def _final(self, text: str, language: str | None) -> list[SpeechEvent]:
        if not text:
            self.silences.append((self.sent, None))
            return []
        return [self._say(SpeechEventType.FINAL_TRANSCRIPT, text, language)]

    def _say(self, kind: SpeechEventType, text: str, language: str | None) -> SpeechEvent:
        said = SpeechData(language or self._language, text, self.start, self.sent)
        return SpeechEvent(kind, alternatives=[said])
