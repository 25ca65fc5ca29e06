"""A recording that is read piece by piece, cut where it is quiet."""

from __future__ import annotations

from .frame import AudioFrame, join_frames
from .pauses import quietest_place

__all__ = ("PauseCutter",)


class PauseCutter:
    """
    Cuts a stream of frames into pieces, each at the quietest place of its last part.

    Holds one piece at most, however long the recording.

    Args:
        longest: the most seconds of a piece.
        shortest: the fewest, but for the last one.
        pause: how many seconds long the quiet is that is looked for.

    Raises:
        ValueError: unless 0 < shortest < longest.
    """

    def __init__(self, *, longest: float, shortest: float, pause: float = 0.2) -> None:
        if not 0 < shortest < longest:
            raise ValueError(
                f"pieces need 0 < shortest < longest, got {shortest!r} and {longest!r} seconds"
            )
        self._longest = longest
        self._shortest = shortest
        self._pause = pause
        self._frames: list[AudioFrame] = []
        self._held = 0.0

    def push(self, frame: AudioFrame) -> AudioFrame | None:
        """Take *frame*, and return a piece when one is full."""
        self._frames.append(frame)
        self._held += frame.duration
        if self._held < self._longest:
            return None
        joined = join_frames(self._frames)
        place = quietest_place(joined, self._shortest, joined.duration, self._pause)
        at = round(place * joined.sample_rate)
        rest = joined.slice(at)
        self._frames = [rest] if rest.samples_per_channel else []
        self._held = rest.duration
        return joined.slice(0, at)

    def flush(self) -> AudioFrame | None:
        """Return what is left, or None."""
        frames, self._frames, self._held = self._frames, [], 0.0
        return join_frames(frames) if frames else None
