"""Vosk's messages: one answer to each piece of audio; no input or output."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..events import SpeechData, SpeechEvent, SpeechEventType, Word
from .fields import number, text_of
from .session import ClientSession, Message

__all__ = ("EOF", "RESET", "VoskSession")

# The server compares these as text, spaces included.
EOF = '{"eof" : 1}'
RESET = '{"reset" : 1}'


class VoskSession(ClientSession):
    """
    One connection.

    Args:
        start: where on the attempt's clock it begins.
        config: the first message.
        language: what is spoken; the server does not say.
        resets: whether the server knows the reset; without it a flush ends the session.
        on_reset_refused: called when it hangs up on one.
    """

    done: bool
    quiet: bool
    over: bool

    def __init__(
        self,
        start: float,
        *,
        config: str,
        language: str = "",
        resets: bool = True,
        on_reset_refused: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(start)
        self._resets = resets
        self._on_reset_refused = on_reset_refused
        self._config = config
        self._language = language
        self._final_until = start
        self._pieces: deque[tuple[float, bool]] = deque()
        """How much audio had been said with each message that waits for its answer, and whether
        it asks for all that was heard: then there is nothing more to say of it."""
        self._last_final: dict[str, Any] = {}
        self._ending = False

    def opening(self) -> Iterable[Message]:
        """Say what comes; nothing is answered."""
        return (self._config,)

    def audio(self, frame: AudioFrame) -> Iterable[Message]:
        """Say the samples as they are."""
        super().audio(frame)
        self._pieces.append((self.sent, False))
        return (mix_down(frame).pcm,)

    def flush(self) -> Iterable[Message]:
        """Ask for a final, or end the session where that is the only way."""
        if not self._resets:
            self.over = self.sent > self.start
            return ()
        self._pieces.append((self.sent, True))
        return (RESET,)

    def ending(self) -> Iterable[Message]:
        """Ask for the last final."""
        self._ending = True
        self._pieces.append((self.sent, True))
        return (EOF,)

    def closed(self) -> Iterable[SpeechEvent]:
        """Accept a close behind the last final only."""
        if not self.done:
            self.lost()
        return super().closed()

    def lost(self) -> None:
        """See whether it was the reset that the server hung up on, as published images do."""
        if self._pieces and self._pieces[0][1] and not self._ending:
            self._on_reset_refused()

    def decode(self, body: dict[str, Any]) -> Iterable[SpeechEvent]:
        """Make events of one answer."""
        if body.get("result") and body == self._last_final:  # its times show that it is a copy
            return ()
        if not self._pieces:
            raise ValueError("nothing was asked")
        if not {"partial", "text", "alternatives"} & body.keys():
            raise ValueError("it has neither a partial nor a text")
        heard, whole = self._pieces.popleft()
        self.done = self._ending and not self._pieces
        if "partial" in body:
            return self._partial(text_of(body["partial"]), heard)
        self._last_final = body
        readings = body.get("alternatives", [body])
        start, self._final_until = self._final_until, heard
        guessed, self.quiet = not self.quiet, True
        said = [self._reading(each, start, heard) for each in readings]
        over = SpeechEvent(SpeechEventType.END_OF_SPEECH, time=said[0].end_time)
        if whole or not said[0].text:
            self.silences.append((heard, None))
        if not said[0].text:
            return [over] if guessed else []
        return [SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, alternatives=said), over]

    def _partial(self, text: str, heard: float) -> list[SpeechEvent]:
        if not text:
            return []
        self.quiet = False
        said = SpeechData(self._language, text, self._final_until, heard)
        return [SpeechEvent(SpeechEventType.INTERIM_TRANSCRIPT, alternatives=[said])]

    def _reading(self, body: Mapping[str, Any], start: float, end: float) -> SpeechData:
        words = [self._word(each) for each in body.get("result") or ()]
        confidences = [word.confidence for word in words]
        return SpeechData(
            language=self._language,
            text=text_of(body["text"]).strip(),
            start_time=words[0].start_time if words else start,
            # The last word and not the last sample: another word may have begun since.
            end_time=words[-1].end_time if words else end,
            confidence=sum(confidences) / len(confidences) if confidences else 0.0,
            words=words or None,
        )

    def _word(self, body: Mapping[str, Any]) -> Word:
        return Word(
            text=text_of(body["word"]),
            start_time=self.start + number(body["start"]),
            end_time=self.start + number(body["end"]),
            confidence=number(body.get("conf") or 0.0),
        )
