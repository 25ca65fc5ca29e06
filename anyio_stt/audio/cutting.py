"""Any frames in, frames of one length out."""

from __future__ import annotations

from .frame import AudioFrame, join_frames

__all__ = ("FrameCutter",)


class FrameCutter:
    """
    Joins and cuts frames of one format so that each has *samples* samples of each channel.

    Args:
        samples: the length of the frames that come out.
    """

    __slots__ = ("_held", "_parts", "samples")

    def __init__(self, samples: int) -> None:
        if samples <= 0:
            raise ValueError(f"frames need at least one sample, got {samples}")
        self.samples: int = samples
        self._parts: list[AudioFrame] = []
        self._held = 0

    @property
    def held(self) -> int:
        """Samples waiting for the rest of their frame."""
        return self._held

    def push(self, frame: AudioFrame) -> list[AudioFrame]:
        """Take *frame* and return the frames that are complete now."""
        if not self._held and frame.samples_per_channel == self.samples:
            return [frame]
        self._parts.append(frame)
        self._held += frame.samples_per_channel
        if self._held < self.samples:
            return []
        return self._cut(join_frames(self._parts))

    def flush(self) -> AudioFrame | None:
        """Return what is left, shorter than the others, or `None`."""
        parts, self._parts, self._held = self._parts, [], 0
        return join_frames(parts) if parts else None

    def _cut(self, joined: AudioFrame) -> list[AudioFrame]:
        total, size = joined.samples_per_channel, self.samples
        if total == size:
            self._parts, self._held = [], 0
            return [joined]
        whole = total - total % size
        self._held = total - whole
        self._parts = [joined.slice(whole)] if self._held else []
        return [joined.slice(start, start + size) for start in range(0, whole, size)]
