"""How speech is told from silence; also in the worker process, so it imports next to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ...workers import segmenter

__all__ = ("Endpointing",)


@dataclass(frozen=True)
class Endpointing(segmenter.Endpointing):
    """
    How speech is told from silence. Times are in seconds.

    The window for the end is longer than the one of pocketsphinx's own endpointer, which
    measured best; the one for the beginning is shorter, so that a single short word is heard.

    Args:
        onset: the window that decides that speech began, 0.09 or more.
        offset: the window that decides that it ended, 0.09 or more.
        ratio: the part of a window that has to agree, above 0.5 and at most 1.
        padding: how much before the beginning is recognised along with it.
        tail: how much after the end is recognised along with it, at most *offset*.
        max_utterance: the longest stretch that is recognised as a whole: speech that goes on
            is cut there, at the quietest spot of the last third. At least 3, at most 30.
        vad_mode: 0 takes most for speech, 3 takes least.

    Raises:
        ValueError: when a number is outside of these limits.
    """

    vad_mode: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vad_mode not in (0, 1, 2, 3):
            raise ValueError(f"vad_mode must be 0, 1, 2 or 3, got {self.vad_mode!r}")
