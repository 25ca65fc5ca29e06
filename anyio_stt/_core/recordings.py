"""A recording as the engine takes it: our own frames, of its rate and channels."""

from __future__ import annotations

from ..audio.frame import NO_FRAMES, AudioBuffer, AudioFrame, as_frame, combine_frames
from ..audio.mixing import mix_down
from ..audio.resampling import Resampler, ResamplerBackend
from ..options import STTCapabilities
from .wanted import WantedAudio

__all__ = ("as_declared",)


def as_declared(
    buffer: AudioBuffer, capabilities: STTCapabilities, backend: ResamplerBackend
) -> tuple[AudioBuffer, float]:
    """
    Return *buffer* at the rate and with the channels that the engine declared, and its duration.

    Raises:
        ValueError: when there is no audio, its frames differ in format, or the engine wants
            several channels and the audio has others.
        TypeError: for what is no audio, with the line to write.
    """
    single = hasattr(buffer, "samples_per_channel") or isinstance(buffer, NO_FRAMES)
    frames = [as_frame(frame) for frame in ([buffer] if single else list(buffer))]  # type: ignore[arg-type,list-item,unused-ignore]
    whole = combine_frames(frames)
    if not whole.duration:
        raise ValueError("no audio: the buffer holds no samples")
    rate = capabilities.sample_rate or whole.sample_rate
    channels = WantedAudio(num_channels=capabilities.num_channels).channels_of(whole)
    if (rate, channels) == (whole.sample_rate, whole.num_channels):
        return (frames[0] if single else frames), whole.duration
    mixed = mix_down(whole) if channels == 1 else whole
    return _resampled(mixed, rate, backend), whole.duration


def _resampled(frame: AudioFrame, rate: int, backend: ResamplerBackend) -> AudioFrame:
    if rate == frame.sample_rate:
        return frame
    resampler = Resampler(frame.sample_rate, rate, frame.num_channels, backend=backend)
    made = [part for part in (resampler.push(frame), resampler.flush()) if part is not None]
    return combine_frames(made)
