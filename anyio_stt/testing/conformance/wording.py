"""Comparing what an engine understood."""

from __future__ import annotations

import difflib

__all__ = ("alike", "words")


def words(text: str) -> list[str]:
    """Return the words of a transcript, in lower case without punctuation."""
    kept = "".join(char if char.isalnum() or char in "' " else " " for char in text.lower())
    return kept.split()


def alike(first: str, second: str, least: float = 0.75) -> bool:
    """Whether two transcripts of the same audio could come from the same engine."""
    ours, theirs = words(first), words(second)
    return difflib.SequenceMatcher(None, ours, theirs, autojunk=False).ratio() >= least
