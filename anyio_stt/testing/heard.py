"""What one attempt of an engine was given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..audio.frame import AudioFrame

__all__ = ("Heard",)


@dataclass(slots=True)
class Heard:
    """
    What one attempt has read so far.

    Args:
        kind: whether a stream or a call of `recognize` made the attempt.
        attempt: its number in that stream or call, counted from 1.
        language: the language that the caller gave.
        frames: the audio, as it was cut.
        markers: for each flush marker, the seconds of audio before it.
        ended: whether the attempt has seen the end of the input.
        outcome: what became of the attempt.
    """

    kind: Literal["stream", "recognize"]
    attempt: int
    language: str | None = None
    frames: list[AudioFrame] = field(default_factory=list)
    markers: list[float] = field(default_factory=list)
    ended: bool = False
    outcome: Literal["running", "returned", "failed", "cancelled"] = "running"

    @property
    def audio(self) -> bytes:
        """All samples heard, as raw PCM."""
        return b"".join(frame.pcm for frame in self.frames)

    @property
    def seconds(self) -> float:
        """How much audio was heard."""
        if not self.frames:
            return 0.0
        return sum(each.samples_per_channel for each in self.frames) / self.frames[0].sample_rate
