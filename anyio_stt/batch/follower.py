"""What is told of a recording while it is transcribed."""

from __future__ import annotations

from ..audio.reader import AudioReader
from ..events import SpeechEvent

__all__ = ("Follower",)


class Follower:
    """Follows one recording; does nothing with what it is told unless a subclass does."""

    watches: bool = False
    """Whether `advance` is wanted several times a second."""

    def opened(self, audio: AudioReader, channels: int) -> float:  # noqa: ARG002
        """
        Be told that *audio* is open and that so many channels are heard apart.

        Returns where to begin, in seconds.
        """
        return 0.0

    def event(self, event: SpeechEvent) -> None:
        """Be told what was recognised, in order, on the recording's clock."""

    def advance(self, position: float, elapsed: float, *, lag: float = 0.0) -> None:
        """Be told that *position* seconds were heard in *elapsed*, and how many wait."""

    def note(self, message: str) -> None:
        """Be told something that a person may want to know of the recording."""
