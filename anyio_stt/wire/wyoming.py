"""Wyoming's events: one utterance a connection; no input or output."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..events import SpeechData, SpeechEvent, SpeechEventType
from ..exceptions import APIError
from .fields import language_tag, text_of
from .pauses import SentAudio, is_too_long
from .session import ClientSession, Message, believed, longer_guess
from .wyoming_events import encode_event

__all__ = ("WyomingPeer", "WyomingSession")


_MISSED = 1.0  # seconds that a server may have missed where nobody paused


@dataclass
class WyomingPeer:
    """
    What is known of a server; the sessions with it share it.

    Args:
        described: whether it was asked to describe itself.
        ends_utterances: whether it answers at a pause, before it is asked to.
        longest: seconds that an utterance without a pause may have, if it does.
    """

    described: bool = False
    ends_utterances: bool = False
    longest: float = math.inf

    def answered_unasked(self, after: float) -> None:
        """Note that it answered before the end of an utterance of so many seconds."""
        self.ends_utterances = True
        self.longest = max(_MISSED, min(self.longest, after / 2))


class WyomingSession(ClientSession):
    """
    One utterance: audio until a flush or the end, and its transcript.

    Many servers hang up after a transcript, so what follows a flush takes a new connection. A
    server that ends utterances by itself answers before it was asked, and hears nothing of what
    comes after: that is sent again, from the last pause before the answer. From then on each
    pause ends a session, before the server does it.

    Args:
        start: where on the attempt's clock it begins.
        transcribe: what is asked for, the data of the event of that name.
        language: what is spoken, where the server does not say.
        peer: what is known of the server.
    """

    sent: float
    over: bool
    done: bool

    def __init__(
        self,
        start: float,
        *,
        transcribe: Mapping[str, Any],
        language: str = "",
        peer: WyomingPeer | None = None,
    ) -> None:
        super().__init__(start)
        self._transcribe = transcribe
        self._language = language
        self._peer = peer or WyomingPeer(described=True)
        self._guess = ""
        self._begun = False
        self._asked = False
        self._sent_audio = SentAudio()
        self._unheard: list[AudioFrame] = []

    def opening(self) -> Iterable[Message]:
        """Ask who it is, once; the answer may come whenever it likes, or not at all."""
        if self._peer.described:
            return ()
        self._peer.described = True
        return (encode_event("describe"),)

    def audio(self, frame: AudioFrame) -> Iterable[Message]:
        """Say the samples, after what comes first."""
        super().audio(frame)
        mono, sent = mix_down(frame), self._sent_audio
        sent.add(mono)
        self.over = is_too_long(sent.seconds, mono)
        if self._peer.ends_utterances:
            self.over = self.over or sent.pausing or sent.seconds >= self._peer.longest
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
        self._asked = True
        return (encode_event("audio-stop"),)

    def unheard(self) -> list[AudioFrame]:
        """What was sent since the last pause before an answer that nobody had asked for."""
        return self._unheard

    def decode(self, body: dict[str, Any]) -> Iterable[SpeechEvent]:
        """Make events of one event."""
        data = body["data"]
        match text_of(body["type"]):
            case "transcript":
                self.done = True
                return self._final(
                    believed(text_of(data["text"]), self._guess), data.get("language")
                )
            case "transcript-chunk":
                self._guess = longer_guess(self.name, self._guess, text_of(data["text"]))
                return [self._say(SpeechEventType.INTERIM_TRANSCRIPT, self._guess.strip(), None)]
            case "info":
                self._described(data)
            case "error":
                raise APIError(
                    f"Wyoming reports a failure: {data.get('text')}",
                    body={"code": data.get("code")},
                )
        return ()

    def _described(self, data: Mapping[str, Any]) -> None:
        programs = data.get("asr") or ()
        if any(program.get("requires_external_vad") is False for program in programs):
            self._peer.ends_utterances = True

    def _final(self, text: str, language: object) -> list[SpeechEvent]:
        self._unheard = self._sent_audio.since(self._heard())
        self.sent -= sum(frame.duration for frame in self._unheard)
        if text:
            return [self._say(SpeechEventType.FINAL_TRANSCRIPT, text, language)]
        self.silences.append((self.sent, None))
        return []

    def _heard(self) -> float:
        """Return how many seconds of what was sent a transcript covers."""
        sent = self._sent_audio
        if not self._asked:
            self._peer.answered_unasked(sent.seconds)
            if sent.last_pause is not None:
                return sent.last_pause
            return max(sent.seconds - _MISSED, sent.seconds / 2)
        pause = sent.first_pause
        if self._peer.ends_utterances and pause is not None and pause < sent.spoken_until:
            return pause  # the answer was on its way when we asked
        return sent.seconds

    def _say(self, kind: SpeechEventType, text: str, language: object) -> SpeechEvent:
        spoken = language_tag(language, self._language)
        said = SpeechData(spoken, text, self.start, self.sent)
        return SpeechEvent(kind, alternatives=[said])
