"""How speech is told from silence; also in worker processes, so it imports next to nothing."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("Endpointing", "SileroEndpointing")

_SHORTEST = 0.09  # seconds: three frames of a detector


@dataclass(frozen=True)
class Endpointing:
    """
    Where speech begins and ends. Times are in seconds.

    Speech begins when at least *ratio* of a window is speech, and ends when at least *ratio* of a
    window is silence.

    Args:
        onset: the window that decides that speech began, 0.09 or more.
        offset: the window that decides that it ended, 0.09 or more.
        ratio: the part of a window that has to agree, above 0.5 and at most 1.
        padding: how much audio before the beginning is recognised too.
        tail: how much audio after the end is recognised too, at most *offset*.
        max_utterance: the longest utterance: longer speech is cut at the quietest place of its last
            third. From 3 to 30.

    Raises:
        ValueError: when a number is outside of these limits.
    """

    onset: float = 0.3
    offset: float = 0.6
    ratio: float = 0.9
    padding: float = 0.3
    tail: float = 0.3
    max_utterance: float = 12.0

    def __post_init__(self) -> None:
        _check("onset", self.onset, _SHORTEST, 5.0)
        _check("offset", self.offset, _SHORTEST, 5.0)
        _check("ratio", self.ratio, 0.51, 1.0)
        _check("padding", self.padding, 0.0, 2.0)
        _check("tail", self.tail, 0.0, self.offset)
        _check("max_utterance", self.max_utterance, 3.0, 30.0)


@dataclass(frozen=True)
class SileroEndpointing(Endpointing):
    """
    The same for Silero's detector, in frames of 32 ms.

    Args:
        threshold: how sure the detector has to be, between 0 and 1.

    Raises:
        ValueError: when a number is outside of these limits.
    """

    onset: float = 0.1
    threshold: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.threshold < 1:
            raise ValueError(f"threshold must be between 0 and 1, got {self.threshold!r}")


def _check(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least:g} to {most:g}, got {value!r}")
