"""The one place that knows whose speech-to-text module the scenarios run against."""

from __future__ import annotations

import os
from typing import Any

__all__ = ("SUBJECT", "AudioFrame", "api", "combine_frames", "duration_of", "module", "version")

SUBJECT = os.environ.get("PARITY_SUBJECT", "anyio_stt")

module: Any
api: Any
AudioFrame: Any
combine_frames: Any
duration_of: Any
version: str

if SUBJECT == "livekit":
    import livekit.agents  # type: ignore[import-not-found,unused-ignore]
    from livekit import rtc  # type: ignore[import-not-found,unused-ignore]
    from livekit.agents import stt  # type: ignore[import-not-found,unused-ignore]

    module, api = stt, livekit.agents
    AudioFrame = rtc.AudioFrame
    combine_frames = rtc.combine_audio_frames
    duration_of = livekit.agents.utils.audio.calculate_audio_duration
    version = livekit.agents.__version__
else:
    import anyio_stt

    module = api = anyio_stt
    AudioFrame = anyio_stt.AudioFrame
    combine_frames = anyio_stt.combine_frames
    duration_of = anyio_stt.calculate_audio_duration
    version = "here"
