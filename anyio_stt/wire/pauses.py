"""Where somebody paused in the audio that was sent; no input or output."""

from __future__ import annotations

from collections import deque

import numpy as np

from ..audio.frame import AudioFrame

__all__ = ("LONGEST", "PAUSE", "SentAudio", "is_silent", "is_too_long")

PAUSE = 0.3
"""Seconds of silence that are no gap within a word."""

LONGEST = 240.0
"""Seconds that an utterance may have where only we end it: what is not final must be kept."""

_LATE = 0.8  # of that, from where on a pause ends it
_LOUD = 400  # of 32768: what is quieter, below -38 dB, is no speech
_KEPT = 60.0  # seconds; what a server has not heard when it answers is far less
_ROUNDING = 1e-6


def is_silent(frame: AudioFrame) -> bool:
    """Whether nothing in *frame* is as loud as speech."""
    return bool(np.max(np.abs(frame.to_array().astype(np.int32)), initial=0) < _LOUD)


def is_too_long(seconds: float, frame: AudioFrame) -> bool:
    """Whether an utterance of so many *seconds* ends behind *frame*, in a pause if there is one."""
    return seconds >= LONGEST or (seconds >= _LATE * LONGEST and is_silent(frame))


class SentAudio:
    """The last audio that was sent, and where somebody paused in it after having spoken."""

    def __init__(self) -> None:
        self._frames: deque[AudioFrame] = deque()
        self._kept = 0.0
        self._silence = 0.0
        self._loud = False
        self.seconds: float = 0.0
        """How much was sent."""
        self.first_pause: float | None = None
        """Where the first pause begins, in seconds of all that was sent."""
        self.last_pause: float | None = None
        """Where the last one begins."""
        self.spoken_until: float = 0.0
        """Where what is loud ends."""

    @property
    def pausing(self) -> bool:
        """Whether somebody has spoken and pauses now."""
        return self._loud and self._silence >= PAUSE - _ROUNDING

    def add(self, frame: AudioFrame) -> None:
        """Note what is being sent."""
        if is_silent(frame):
            paused = self.pausing
            self._silence += frame.duration
            if self.pausing and not paused:
                self.last_pause = self.spoken_until
                if self.first_pause is None:
                    self.first_pause = self.last_pause
        else:
            self._loud, self._silence = True, 0.0
            self.spoken_until = self.seconds + frame.duration
        self._frames.append(frame)
        self._kept += frame.duration
        self.seconds += frame.duration
        while self._kept - self._frames[0].duration > _KEPT:
            self._kept -= self._frames.popleft().duration

    def since(self, position: float) -> list[AudioFrame]:
        """Return the frames from *position* on."""
        frames, at = [], self.seconds - self._kept
        for frame in self._frames:
            if at >= position - _ROUNDING:
                frames.append(frame)
            at += frame.duration
        return frames
