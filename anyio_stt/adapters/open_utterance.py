"""The utterance that is still being spoken, and what guesses at it agree on."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from ..audio.frame import AudioFrame
from ..events import SpeechEvent, SpeechEventType, Word

__all__ = ("OpenUtterance",)

_LONGEST = 60.0
"""Seconds that a guess is made of at most: somebody may speak on without a pause."""


class OpenUtterance:
    """
    Keeps the audio of what is being said, for guesses at it.

    Args:
        keep: whether to keep any.
    """

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self._frames: deque[AudioFrame] = deque()
        self._first = 0.0
        self._end = 0.0
        self._start = 0.0
        self._words: list[Word] = []
        self.speaking: bool = False
        self.number: int = 0
        """How many utterances began."""

    def hear(self, frame: AudioFrame) -> None:
        """Take what the detector is given."""
        self._end += frame.duration
        if self._keep:
            self._frames.append(frame)
            self.forget_before(self._end - _LONGEST)

    def begin(self, start: float) -> None:
        """Note that an utterance began at *start*, in seconds of what was heard."""
        self.speaking, self._start, self._words = True, start, []
        self.number += 1

    def end(self) -> None:
        """Note that it is over."""
        self.speaking = False

    def forget_before(self, time: float) -> None:
        """Let go of what no utterance that begins from now on can hold."""
        while self._frames and self._first + self._frames[0].duration < time:
            self._first += self._frames.popleft().duration

    def audio(self) -> tuple[list[AudioFrame], float, float]:
        """Return what was heard of the utterance, and where that begins and ends."""
        frames, first = list(self._frames), self._first
        while frames and first < self._start:
            frame = frames.pop(0)
            end = first + frame.duration
            if end > self._start:
                skipped = round((self._start - first) * frame.sample_rate)
                rest = frame.slice(min(skipped, frame.samples_per_channel))
                frames[:0] = [rest] if rest.samples_per_channel else []
                end = self._start
            first = end
        return frames, first, self._end

    def agree(self, guess: SpeechEvent) -> SpeechEvent | None:
        """Make an event of a guess: its words are those that the guess before had too."""
        data = guess.alternatives[0]
        words = data.words or [Word(text) for text in data.text.split()]
        if not words:
            return None
        same = 0
        for old, new in zip(self._words, words, strict=False):
            if old.text != new.text:
                break
            same += 1
        self._words = words
        kind = (
            SpeechEventType.PREFLIGHT_TRANSCRIPT
            if same == len(words)
            else SpeechEventType.INTERIM_TRANSCRIPT
        )
        return replace(guess, type=kind, alternatives=[replace(data, words=words[:same])])
