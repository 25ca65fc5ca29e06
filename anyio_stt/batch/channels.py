"""Recordings with several channels: mixed, one of them, or each by itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..adapters.multi_channel import MultiChannel
from ..audio.errors import AudioFileError
from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..stt import STT

__all__ = ("Channels",)

_LOUD = 1e4  # the mean square of -50 dB: a whisper
_CANCELLED = 0.01


class Channels:
    """
    Gives the frames of one recording the channels that are to be heard.

    Args:
        wanted: "mix", "each", or the number of one, from 1.
        count: how many channels the recording has.
        warn: is told, once, what is lost by mixing.
        name: what the recording is called.

    Raises:
        AudioFileError: when the recording has no channel of that number.
    """

    def __init__(self, wanted: str, count: int, warn: Callable[[str], None], name: str) -> None:
        self.each: bool = wanted == "each" and count > 1
        self._one = int(wanted) - 1 if wanted.isdigit() else None
        if self._one is not None and self._one >= count:
            raise AudioFileError(f"{name} has {count} channel(s), and no channel {wanted}")
        self._warn = warn
        self._name = name
        self._told = False
        self._mixes = wanted == "mix" and count > 1
        self._apart = self._together = 0.0
        if self._mixes:
            warn(f"{name}: its {count} channels are mixed; --channels each hears them apart")

    def engine(self, stt: STT) -> STT:
        """Return the engine for these channels, made of *stt*."""
        return MultiChannel(stt) if self.each else stt

    def of(self, frame: AudioFrame) -> AudioFrame:
        """Return *frame* with the channels that are to be heard."""
        if self._one is not None and frame.num_channels > 1:
            return AudioFrame.from_array(frame.to_array()[:, self._one].copy(), frame.sample_rate)
        if self.each:
            return frame
        mixed = mix_down(frame)
        if self._mixes and not self._told:
            self._listen(frame, mixed)
        return mixed

    def _listen(self, frame: AudioFrame, mixed: AudioFrame) -> None:
        """Notice channels that are each other's opposite, as a balanced line's on a plug are."""
        self._apart += _energy(frame)
        self._together += _energy(mixed)
        if self._apart > _LOUD and self._together < self._apart * _CANCELLED:
            self._told = True
            self._warn(
                f"{self._name}: its channels cancel each other out when they are mixed; "
                "--channels 1 hears the first alone"
            )


def _energy(frame: AudioFrame) -> float:
    samples = frame.to_array()
    return float(np.mean(samples.astype(np.float32) ** 2)) if samples.size else 0.0
