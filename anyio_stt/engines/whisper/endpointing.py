"""How speech is told from silence; also in the worker process, so it imports next to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ...workers import segmenter

__all__ = ("Endpointing",)


@dataclass(frozen=True)
class Endpointing(segmenter.Endpointing):
    """
    How speech is told from silence. Times are in seconds.

    Silero judges frames of 32 ms. Speech begins when *ratio* of a window is speech, and ends when
    no more than the rest of a window is. What is not called speech never reaches the model,
    which would make words of it.

    Args:
        onset: the window that decides that speech began, 0.09 or more.
        offset: the window that decides that it ended, 0.09 or more.
        ratio: the part of a window that has to agree, above 0.5 and at most 1.
        padding: how much before the beginning is recognised along with it.
        tail: how much after the end is recognised along with it, at most *offset*.
        max_utterance: the longest stretch that is recognised as a whole: speech that goes on
            is cut there, at the quietest spot of the last third. At least 3, at most 30.
        threshold: how sure the detector has to be, between 0 and 1.

    Raises:
        ValueError: when a number is outside of these limits.
    """

    onset: float = 0.1
    offset: float = 0.8
    padding: float = 0.4
    tail: float = 0.4
    max_utterance: float = 25.0
    threshold: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.threshold < 1:
            raise ValueError(f"threshold must be between 0 and 1, got {self.threshold!r}")
