"""One stream's audio on its way to words: when to guess, when to be sure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .segmenter import SAMPLE_RATE, Onset, Pause, Segmenter, Speech, Step, Utterance
from .wire import Kind, Message

__all__ = ("Heard", "Hearing", "Loaded", "Recogniser", "Session", "SpokenWord")


@dataclass(frozen=True)
class SpokenWord:
    """A word, its times in seconds from the beginning of its utterance, and its posterior."""

    text: str
    start: float
    end: float
    confidence: float = 0.0

    def shifted(self, seconds: float) -> SpokenWord:
        """Return it on a clock that began so much earlier."""
        return SpokenWord(self.text, self.start + seconds, self.end + seconds, self.confidence)


@dataclass(frozen=True)
class Heard:
    """
    What a recogniser makes of an utterance.

    Args:
        text: what was said; empty when nothing was.
        words: its words with their times, or `None` from a recogniser that gives none.
        language: what was spoken, where a recogniser tells.
    """

    text: str
    words: Sequence[SpokenWord] | None = None
    language: str = ""


class Recogniser(Protocol):
    """
    What makes words of speech.

    The first four follow an utterance while it is open; `guess` may return what it did before
    when there is nothing new, or something more important to do (`busy`).
    """

    def begin(self) -> None: ...
    def hear(self, audio: bytes) -> None: ...
    def guess(self, busy: Callable[[], bool]) -> str: ...
    def end(self) -> None: ...
    def recognise(self, audio: bytes) -> Heard: ...


class Hearing(Protocol):
    """What hears one stream, or one recording; a `Session` is one."""

    def hear(self, audio: bytes) -> None: ...
    def flush(self) -> None: ...
    def end(self) -> None: ...


class Loaded(Protocol):
    """A recogniser with its weights in memory; makes sessions."""

    def session(
        self, say: Callable[[Message], None], busy: Callable[[], bool], *, interims: bool
    ) -> Hearing: ...


class Session:
    """
    Recognises one stream and says what it hears.

    Where the segmenter tells of pauses, an utterance is recognised before it is known to have
    ended, so that its final is there when it is; but only while nothing more important waits.

    Interims come from decoding speech as it comes in. A final comes from decoding its utterance
    once more as a whole, because what the whole sounds like is then known from its beginning.

    Args:
        segmenter: finds the utterances.
        recogniser: finds the words in them.
        say: takes the messages.
        busy: whether guesses have to wait for something that matters more.
        interims: whether to guess at utterances that are still open.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        recogniser: Recogniser,
        say: Callable[[Message], None],
        busy: Callable[[], bool] = lambda: False,
        *,
        interims: bool,
    ) -> None:
        self._busy = busy
        self._segmenter = segmenter
        self._recogniser = recogniser
        self._say = say
        self._interims = interims
        self._heard = 0
        self._guessing = False
        self._guess = ""
        self._ahead: tuple[bytes, Heard] | None = None

    def hear(self, audio: bytes) -> None:
        """Take audio, and answer."""
        self._heard += len(audio) // 2
        self._follow(self._segmenter.push(audio))
        if self._guessing:
            self._tell_guess()
        self._answer()

    def flush(self) -> None:
        """End the open utterance, and answer."""
        self._follow(self._segmenter.flush())
        self._answer()

    def end(self) -> None:
        """End the open utterance, and say that all was said."""
        self._follow(self._segmenter.flush())
        self._tell(Kind.DONE)

    def _follow(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if isinstance(step, Onset):
                self._tell(Kind.ONSET, time=_seconds(step.at))
            elif isinstance(step, Speech):
                self._listen(step.audio)
            elif isinstance(step, Pause):
                self._look_ahead(step.so_far)
            elif isinstance(step, Utterance):
                self._conclude(step)
            else:
                self._tell(Kind.OFFSET, time=_seconds(step.at))

    def _listen(self, audio: bytes) -> None:
        if not self._interims:
            return
        if not self._guessing:
            self._recogniser.begin()
            self._guessing, self._guess = True, ""
        self._recogniser.hear(audio)

    def _tell_guess(self) -> None:
        guess = self._recogniser.guess(self._busy)
        if guess and guess != self._guess:
            self._guess = guess
            start, end = self._segmenter.quiet_until, self._heard
            self._tell(Kind.INTERIM, text=guess, start=_seconds(start), end=_seconds(end))

    def _look_ahead(self, utterance: Utterance) -> None:
        if not self._busy():
            self._ahead = utterance.audio, self._recogniser.recognise(utterance.audio)

    def _recognise(self, audio: bytes) -> Heard:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == audio:
            return ahead[1]
        return self._recogniser.recognise(audio)

    def _conclude(self, utterance: Utterance) -> None:
        if self._guessing:
            self._recogniser.end()
            self._guessing = False
        heard = self._recognise(utterance.audio)
        if not heard.text:
            return
        first = _seconds(utterance.first)
        words = heard.words if heard.words is not None else _spread(heard.text, utterance)
        timed = [
            [word.text, round(first + word.start, 3), round(first + word.end, 3), word.confidence]
            for word in words
        ]
        self._tell(Kind.FINAL, words=timed, text=heard.text, language=heard.language)

    def _answer(self) -> None:
        self._tell(Kind.HEARD, quiet=_seconds(self._segmenter.quiet_until))

    def _tell(self, kind: Kind, **fields: Any) -> None:
        self._say(Message(kind, fields=fields))


def _seconds(samples: int) -> float:
    return samples / SAMPLE_RATE


def _spread(text: str, utterance: Utterance) -> list[SpokenWord]:
    """Give each word of *text* a share of the speech in proportion to its letters."""
    words = text.split()
    start = _seconds(utterance.speech_start - utterance.first)
    end = _seconds(utterance.speech_end - utterance.first)
    share = (end - start) / sum(len(word) + 1 for word in words)
    spread = []
    for word in words:
        until = start + share * (len(word) + 1)
        spread.append(SpokenWord(word, start, until))
        start = until
    return spread
