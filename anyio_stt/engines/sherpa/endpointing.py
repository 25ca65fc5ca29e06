"""How speech is told from silence; also in the worker process, so it imports next to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ...workers import endpointing

__all__ = ("Endpointing",)


@dataclass(frozen=True)
class Endpointing(endpointing.SileroEndpointing):
    """
    How speech is told from silence by Silero, with the numbers that measured best. In seconds.

    What is recognised has silence on both sides, because recognisers leave out words at the very
    edges. A shorter *offset* gives finals earlier, and cuts utterances at shorter pauses.

    `SileroEndpointing` in `anyio_stt.workers` tells what each number does, and its limits.

    Raises:
        ValueError: when a number is outside of its limits.
    """

    offset: float = 0.77
    padding: float = 0.6
    tail: float = 0.7
