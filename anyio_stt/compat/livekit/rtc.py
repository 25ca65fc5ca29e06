"""What speech recognition uses of `livekit.rtc`."""

from __future__ import annotations

from ...audio.frame import AudioFrame as AudioFrame
from ...audio.frame import combine_frames
from ...audio.resampling import Resampler

__all__ = ("AudioFrame", "AudioResampler", "combine_audio_frames")

AudioResampler = Resampler
combine_audio_frames = combine_frames
