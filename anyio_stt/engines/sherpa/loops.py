"""A decoder that repeats itself: noticed, so that the speech can be decoded again."""

from __future__ import annotations

import re

__all__ = ("loops",)

_TIMES = 3
_LEAST = 3  # words: people do say "no, no, no"
_MOST = 20


def loops(text: str) -> bool:
    """Whether three or more words come three times in a row in *text*."""
    words = [re.sub(r"\W", "", word).lower() for word in text.split()]
    for length in range(_LEAST, min(_MOST, len(words) // _TIMES) + 1):
        for begin in range(len(words) - _TIMES * length + 1):
            first = words[begin : begin + length]
            if all(
                words[begin + n * length : begin + (n + 1) * length] == first
                for n in range(1, _TIMES)
            ):
                return True
    return False
