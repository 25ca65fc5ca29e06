"""The one place that knows whose speech-to-text module the scenarios run against."""

from __future__ import annotations

import os
from typing import Any

__all__ = (
    "SUBJECT",
    "AudioFrame",
    "adapters",
    "api",
    "combine_frames",
    "duration_of",
    "module",
    "version",
    "voice",
)

SUBJECT = os.environ.get("PARITY_SUBJECT", "anyio_stt")

module: Any
api: Any
adapters: Any
voice: Any
AudioFrame: Any
combine_frames: Any
duration_of: Any
version: str

if SUBJECT == "livekit":
    import livekit.agents  # type: ignore[import-not-found,unused-ignore]
    from livekit import rtc  # type: ignore[import-not-found,unused-ignore]
    from livekit.agents import stt, vad  # type: ignore[import-not-found,unused-ignore]

    module, voice = stt, vad
    adapters = stt
    api = livekit.agents
    AudioFrame = rtc.AudioFrame
    combine_frames = rtc.combine_audio_frames
    duration_of = livekit.agents.utils.audio.calculate_audio_duration
    version = livekit.agents.__version__
else:
    import anyio_stt
    import anyio_stt.adapters

    module = api = voice = anyio_stt
    adapters = anyio_stt.adapters
    AudioFrame = anyio_stt.AudioFrame
    combine_frames = anyio_stt.combine_frames
    duration_of = anyio_stt.calculate_audio_duration
    version = "here"
