"""What reading a recording gives, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ("AudioFileError", "Decoding", "MicrophoneError")


class AudioFileError(ValueError):
    """Raised when a file or stream has no audio that can be read; the message names it."""


class MicrophoneError(OSError):
    """Raised when a microphone cannot be used (any more); the message says what to do."""


@dataclass(frozen=True)
class Decoding:
    """An opened recording."""

    sample_rate: int
    num_channels: int
    duration: float | None
    """Length in seconds, as the file declares it; None when it does not."""
    frames: Any
    """An iterator of frames of a tenth of a second; reads the file as it goes."""
    close: Callable[[], None]
