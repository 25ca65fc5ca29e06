"""What a model says, in tokens, as words with times."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...workers.session import SpokenWord

__all__ = ("timed_words",)

_LONGEST = 0.5  # seconds: where a word ends is not told


def timed_words(
    tokens: Sequence[str],
    timestamps: Sequence[float],
    duration: float,
    log_probs: Sequence[float] = (),
) -> list[SpokenWord] | None:
    """
    Return words of *tokens* with times, or `None` where there are no times.

    A word lasts until the next one begins, half a second at most: that is not told.

    Args:
        tokens: pieces of words; what begins one begins with a space.
        timestamps: when each was said, in seconds.
        duration: when the last word is over at the latest.
        log_probs: how sure the model is of each, for words' confidence; 0 where it does not tell.
    """
    if not timestamps or len(timestamps) != len(tokens):
        return None
    sure = list(log_probs) if len(log_probs) == len(tokens) else [-math.inf] * len(tokens)
    words: list[tuple[str, float, list[float]]] = []
    for token, time, log_prob in zip(tokens, timestamps, sure, strict=True):
        text = token.strip().lstrip("▁")
        if token.startswith((" ", "▁")) or not words:
            words.append((text, time, [log_prob]))
        else:
            before, start, log_probs_before = words[-1]
            words[-1] = (before + text, start, [*log_probs_before, log_prob])
    named = [word for word in words if word[0]]
    ends = [start for _, start, _ in named[1:]] + [duration]
    return [
        SpokenWord(text, start, max(start, min(end, start + _LONGEST)), _confidence(sures))
        for (text, start, sures), end in zip(named, ends, strict=True)
    ]


def _confidence(log_probs: Sequence[float]) -> float:
    return round(min(math.exp(sum(log_probs) / len(log_probs)), 1.0), 3)
