"""Local agreement: what two guesses in a row agree on is kept, and not heard again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from ...workers.session import SpokenWord

__all__ = ("LocalAgreement",)


class LocalAgreement:
    """
    The words of an utterance that is still open, from guesses at what was not agreed on yet.

    Times are in seconds from the beginning of the utterance.
    """

    def __init__(self) -> None:
        self._agreed: list[SpokenWord] = []
        self._tentative: Sequence[SpokenWord] = ()

    @property
    def agreed_until(self) -> float:
        """Where the last word ends that is agreed on: guesses begin there."""
        return self._agreed[-1].end if self._agreed else 0.0

    @property
    def agreed_text(self) -> str:
        """The words that are agreed on."""
        return " ".join(word.text for word in self._agreed)

    @property
    def text(self) -> str:
        """All words, the last of which may still change."""
        return " ".join(word.text for word in (*self._agreed, *self._tentative))

    def take(self, guess: Sequence[SpokenWord]) -> None:
        """Note a guess at what follows `agreed_until`."""
        pairs = zip(self._tentative, guess, strict=False)
        same = list(takewhile(lambda pair: _bare(pair[0].text) == _bare(pair[1].text), pairs))
        # The newest reading of a word is the one with most behind it.
        self._agreed += [new for _, new in same]
        self._tentative = guess[len(same) :]


def _bare(word: str) -> str:
    return re.sub(r"\W", "", word).lower()
