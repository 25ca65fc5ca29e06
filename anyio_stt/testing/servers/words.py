"""
Audio in which each word can be told, and a recogniser that tells it.

A word is a stretch of a constant level, and the level says which word; between words there is
silence. So what a server has heard, lost or heard twice shows in its transcript.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...audio.frame import AudioFrame, combine_frames
from ...events import SpeechData, Word

__all__ = ("HeardWord", "Recogniser", "Utterance", "say_words", "word_name")

_FIRST, _STEP = 1000, 60  # word n has level 1000 + 60 n: loud enough to be speech
_MAX_WORD = 500
_SHORTEST = 0.03  # seconds; what resampling leaves between two levels is shorter


def word_name(number: int) -> str:
    """Return the transcript of word *number*."""
    return f"w{number}"


def say_words(
    numbers: Sequence[int],
    *,
    word: float = 0.2,
    gap: float = 0.1,
    pause: float = 0.5,
    per_utterance: int = 3,
    sample_rate: int = 16000,
) -> AudioFrame:
    """
    Make audio that says these words, 1 to 500, in utterances with pauses after them.

    Args:
        numbers: the words.
        word: seconds of each.
        gap: seconds between words of an utterance.
        pause: seconds after an utterance.
        per_utterance: how many words an utterance has.
        sample_rate: samples a second.
    """
    parts = []
    for index, number in enumerate(numbers, 1):
        if not 0 < number <= _MAX_WORD:
            raise ValueError(f"words are numbered from 1 to {_MAX_WORD}, got {number}")
        last = index % per_utterance == 0 or index == len(numbers)
        parts.append(_level(_FIRST + number * _STEP, word, sample_rate))
        parts.append(_level(0, pause if last else gap, sample_rate))
    return combine_frames(parts)


def _level(value: int, seconds: float, sample_rate: int) -> AudioFrame:
    return AudioFrame.from_array(
        np.full(round(seconds * sample_rate), value, dtype=np.int16), sample_rate
    )


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word and its times, in seconds of the audio that the recogniser heard."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """
    What a recogniser says of a stretch of audio.

    Args:
        words: in order; none if nobody spoke.
        start: where the stretch begins.
        end: where it ends; the next one begins there once this one is final.
        final: whether it will not change any more.
        endpoint: whether the speaker paused.
    """

    words: tuple[HeardWord, ...]
    start: float
    end: float
    final: bool = False
    endpoint: bool = False

    @property
    def text(self) -> str:
        """The words as a line of text."""
        return " ".join(word.text for word in self.words)

    @property
    def data(self) -> SpeechData:
        """The words as engines give them."""
        words = [Word(word.text, word.start, word.end, 0.9) for word in self.words]
        sure = 0.9 if words else 0.0
        return SpeechData("", self.text, self.start, self.end, sure, words=words or None)


class Recogniser:
    """
    Recognises the words of one channel, however the audio is cut.

    Args:
        sample_rate: samples a second.
        endpoint: seconds of silence that end an utterance.
        patience: seconds of silence after which it says that nobody spoke.
    """

    def __init__(self, sample_rate: int, *, endpoint: float = 0.3, patience: float = 2.0) -> None:
        self._rate = sample_rate
        self._endpoint = round(endpoint * sample_rate)
        self._patience = round(patience * sample_rate)
        self._position = 0
        self._level = 0
        self._run_start = 0
        self._range_start = 0
        self._words: list[HeardWord] = []

    @property
    def heard(self) -> float:
        """Seconds of audio heard so far."""
        return self._position / self._rate

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open."""
        return bool(self._words) or self._level > 0

    def begin_anew(self) -> bool:
        """Count times from 0 again, unless somebody speaks; return whether it does."""
        if not self.speaking:
            self._position = self._run_start = self._range_start = 0
        return not self.speaking

    def feed(self, samples: npt.NDArray[np.int16]) -> list[Utterance]:
        """Listen to more audio; return what is new: guesses and finals."""
        numbers = np.rint((samples.astype(np.int32) - _FIRST) / _STEP).astype(np.int32)
        levels = np.maximum(numbers, 0)
        edges = np.flatnonzero(np.diff(levels, prepend=self._level))
        said: list[Utterance] = []
        start = self._position
        for edge in edges:
            said += self._advance(start + int(edge))
            said += self._turn(int(levels[edge]))
        said += self._advance(start + len(samples))
        return said

    def finish(self) -> list[Utterance]:
        """Make a final of what is left."""
        said = self._turn(0)
        if self._position > self._range_start:
            said.append(self._final(endpoint=False))
        return [utterance for utterance in said if utterance.final]

    def _advance(self, position: int) -> list[Utterance]:
        """Go on at the same level."""
        said = []
        while self._level == 0 and position - self._limit() >= 0:
            self._position = self._limit()
            said.append(self._final(endpoint=bool(self._words)))
        self._position = position
        return said

    def _limit(self) -> int:
        if self._words:
            return max(self._run_start, self._range_start) + self._endpoint
        return max(self._run_start, self._range_start) + self._patience

    def _turn(self, level: int) -> list[Utterance]:
        """Begin another level here; a word may have ended."""
        spoke = self._level > 0 and self._position - self._run_start >= _SHORTEST * self._rate
        if spoke:
            self._words.append(
                HeardWord(word_name(self._level), self._run_start / self._rate, self.heard)
            )
        self._level, self._run_start = level, self._position
        return [Utterance(tuple(self._words), self._range, self.heard)] if spoke else []

    @property
    def _range(self) -> float:
        return self._range_start / self._rate

    def _final(self, *, endpoint: bool) -> Utterance:
        said = Utterance(tuple(self._words), self._range, self.heard, True, endpoint)
        self._words, self._range_start = [], self._position
        return said
