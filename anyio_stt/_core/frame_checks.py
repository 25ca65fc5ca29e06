"""Why a frame of audio is not taken."""

from __future__ import annotations

from ..audio.frame import AudioFrame
from ..exceptions import StreamFullError

__all__ = ("never_fits", "no_room", "other_format")


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
