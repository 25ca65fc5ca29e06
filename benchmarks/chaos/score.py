"""What was lost, doubled and late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anyio_stt.testing.servers import say_words, word_name

__all__ = ("Score", "Speech", "in_order")

_WORD, _GAP, _PAUSE, _PER_UTTERANCE = 0.05, 0.03, 0.43, 10
_NAMES = 500  # that the recogniser of the fault servers can tell apart


@dataclass(frozen=True)
class Speech:
    """
    What is said: utterances of ten words with a pause after each, 500 words a minute.

    Args:
        count: how many words.
    """

    count: int

    @property
    def words(self) -> list[str]:
        return [word_name(number) for number in self._numbers]

    @property
    def _numbers(self) -> list[int]:
        return [index % _NAMES + 1 for index in range(self.count)]

    def samples(self) -> bytes:
        frame = say_words(
            self._numbers, word=_WORD, gap=_GAP, pause=_PAUSE, per_utterance=_PER_UTTERANCE
        )
        return bytes(frame.data)

    def ends(self) -> list[float]:
        """Return when each word has been spoken, in seconds."""
        ends, now = [], 0.0
        for index in range(1, self.count + 1):
            ends.append(now + _WORD)
            now = ends[-1] + (_PAUSE if index % _PER_UTTERANCE == 0 else _GAP)
        return ends

    @property
    def seconds(self) -> float:
        return len(self.samples()) / 2 / 16000


@dataclass(frozen=True)
class Score:
    """
    The figures of one contestant in one scenario.

    Args:
        lost: words that no final had, in their place.
        doubled: words in finals that were not said there.
        longest: seconds from the end of a word to its final, at most.
        end: how the stream ended; empty if as it should.
        late: seconds from the end of the speech to the end of the stream.
        left: what was left of it: tasks, sockets, threads.
    """

    lost: int
    doubled: int
    longest: float | None
    end: str
    late: float
    left: dict[str, int]

    @classmethod
    def of(cls, speech: Speech, answer: dict[str, Any]) -> Score:
        said, ends = speech.words, speech.ends()
        heard = [word for word, _ in answer["heard"]]
        delays = [answer["heard"][b][1] - ends[a] for a, b in in_order(said, heard)]
        return cls(
            lost=len(said) - len(delays),
            doubled=len(heard) - len(delays),
            longest=max(delays, default=None),
            end=answer["end"],
            late=answer["ended"] - speech.seconds,
            left={name: count for name, count in answer["left"].items() if count},
        )


def in_order(said: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    """
    Pair as many words as can be paired in order: the longest common subsequence.

    A word is said again after 500 others. `difflib` pairs the longest stretch first, be it with
    the wrong time, and calls all before it lost.
    """
    best = [[0] * (len(heard) + 1) for _ in range(len(said) + 1)]  # of what follows both
    for a in reversed(range(len(said))):
        for b in reversed(range(len(heard))):
            same = said[a] == heard[b]
            best[a][b] = best[a + 1][b + 1] + 1 if same else max(best[a + 1][b], best[a][b + 1])
    pairs, a, b = [], 0, 0
    while a < len(said) and b < len(heard):
        if said[a] == heard[b]:
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif best[a + 1][b] >= best[a][b + 1]:
            a += 1
        else:
            b += 1
    return pairs
