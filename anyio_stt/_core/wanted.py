"""What audio an engine wants, and why a frame of it is not taken."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..audio.frame import AudioFrame
from ..exceptions import StreamFullError

__all__ = ("WantedAudio", "never_fits", "no_room", "other_format")


@dataclass(frozen=True, slots=True)
class WantedAudio:
    """
    What an engine wants to hear; `None` takes what comes.

    Args:
        sample_rate: samples a second.
        num_channels: how many channels; for one, more are mixed down.
        frame_duration: how long frames are, in seconds.

    Raises:
        ValueError: when one of them is not positive.
    """

    sample_rate: int | None = None
    num_channels: int | None = None
    frame_duration: float | None = None

    def __post_init__(self) -> None:
        if self.sample_rate is not None and self.sample_rate <= 0:
            raise ValueError(f"sample_rate must be positive, got {self.sample_rate!r}")
        if self.frame_duration is not None and not 0 < self.frame_duration < math.inf:
            raise ValueError(
                f"frame_duration must be positive seconds, got {self.frame_duration!r}"
            )

    def channels_of(self, frame: AudioFrame) -> int:
        """Return how many channels of *frame* the engine hears, or raise `ValueError`."""
        wanted = self.num_channels or frame.num_channels
        if wanted not in (1, frame.num_channels):
            raise ValueError(
                f"the engine takes {wanted} channels, the audio has {frame.num_channels}; "
                f"give it audio with {wanted}, or mixed down to one"
            )
        return wanted


def never_fits(frame: AudioFrame, limit: float) -> bool:
    """Whether *frame* is longer than all audio that may wait, *limit* seconds."""
    return frame.samples_per_channel > limit * frame.sample_rate


def no_room(frame: AudioFrame, pending: float, limit: float) -> Exception:
    """Return the error for *frame* while *pending* of *limit* seconds wait already."""
    if never_fits(frame, limit):
        return ValueError(
            f"a frame of {frame.duration:.3f} s is longer than all audio that may wait "
            f"(max_pending_audio={limit:g} s); cut it, or raise the limit in APIConnectOptions"
        )
    return StreamFullError(
        f"{pending:.3f} s of audio wait for the engine already (max_pending_audio={limit:g} s); "
        f"wait with `await send_frame(frame)`, or raise the limit in APIConnectOptions"
    )


def other_format(frame: AudioFrame, sample_rate: int, num_channels: int) -> ValueError:
    """Return the error for *frame* in a stream that began with another format."""
    return ValueError(
        f"a stream takes one format: it began with {sample_rate} Hz and {num_channels} "
        f"channel(s), this frame has {frame.sample_rate} Hz and {frame.num_channels}; open "
        f"another stream for it, or resample it first"
    )
