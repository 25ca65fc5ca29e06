"""How speech is told from silence; also in the worker process, so it imports next to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ...workers import endpointing

__all__ = ("Endpointing",)


@dataclass(frozen=True)
class Endpointing(endpointing.Endpointing):
    """
    How speech is told from silence by pocketsphinx's own detector. Times are in seconds.

    The window for the end is longer than the one of pocketsphinx's own endpointer, which
    measured best; the one for the beginning is shorter, so that a single short word is heard.
    `Endpointing` in `anyio_stt.workers` tells what the other numbers do, and their limits.

    Args:
        vad_mode: 0 takes most for speech, 3 takes least.

    Raises:
        ValueError: when a number is outside of its limits.
    """

    vad_mode: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vad_mode not in (0, 1, 2, 3):
            raise ValueError(f"vad_mode must be 0, 1, 2 or 3, got {self.vad_mode!r}")
