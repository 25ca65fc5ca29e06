"""Where a long recording is quiet enough to be cut."""

from __future__ import annotations

import numpy as np

from .frame import AudioFrame, join_frames

__all__ = ("PauseCutter", "quietest_place")

_WINDOW = 0.3  # a pause between words; one between syllables is a third of it
_STEP = 0.02


def quietest_place(frame: AudioFrame, earliest: float) -> float:
    """
    Return where to cut *frame*, in seconds: the middle of its quietest 0.3 s.

    Args:
        frame: the audio, of any channels.
        earliest: the place to begin looking; of places that are equally quiet the last is taken.
    """
    step = max(round(frame.sample_rate * _STEP), 1)
    begin = min(round(earliest * frame.sample_rate), frame.samples_per_channel)
    samples = frame.to_array().reshape(frame.samples_per_channel, -1)[begin:].astype(np.float32)
    whole = len(samples) // step
    if whole < 2:
        return frame.duration
    energy = (samples[: whole * step] ** 2).reshape(whole, -1).mean(axis=1)
    window = min(max(round(_WINDOW / _STEP), 1), whole)
    # In whole numbers of dB: what differs by less than one is equally quiet.
    means = np.convolve(energy, np.ones(window) / window, mode="valid")
    loudness = np.round(10 * np.log10(means + 1))
    last = len(loudness) - 1 - int(np.argmin(loudness[::-1]))
    return (begin + (last + window / 2) * step) / frame.sample_rate


class PauseCutter:
    """
    Cuts a stream of frames into pieces, each at the quietest place of its last part.

    Holds one piece at most, however long the recording.

    Args:
        longest: the most seconds of a piece.
        shortest: the fewest, but for the last one.

    Raises:
        ValueError: unless 0 < shortest < longest.
    """

    def __init__(self, *, longest: float, shortest: float) -> None:
        if not 0 < shortest < longest:
            raise ValueError(
                f"pieces need 0 < shortest < longest, got {shortest!r} and {longest!r} seconds"
            )
        self._longest = longest
        self._shortest = shortest
        self._frames: list[AudioFrame] = []
        self._held = 0.0

    def push(self, frame: AudioFrame) -> AudioFrame | None:
        """Take *frame*, and return a piece when one is full."""
        self._frames.append(frame)
        self._held += frame.duration
        if self._held < self._longest:
            return None
        joined = join_frames(self._frames)
        at = round(quietest_place(joined, self._shortest) * joined.sample_rate)
        rest = joined.slice(at)
        self._frames = [rest] if rest.samples_per_channel else []
        self._held = rest.duration
        return joined.slice(0, at)

    def flush(self) -> AudioFrame | None:
        """Return what is left, or None."""
        frames, self._frames, self._held = self._frames, [], 0.0
        return join_frames(frames) if frames else None
