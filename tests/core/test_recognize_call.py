"""What `recognize` makes of the audio it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anyio_stt import AudioFrame, STTCapabilities
from anyio_stt.testing import ScriptedSTT, tone


def engine(**takes: Any) -> ScriptedSTT:
    return ScriptedSTT(capabilities=STTCapabilities(False, False, **takes))


@pytest.mark.real_time
async def test_an_engine_hears_the_rate_and_channels_that_it_declared() -> None:
    stereo = np.repeat(tone(0.5, sample_rate=48000).to_array()[:, None], 2, axis=1)
    stt = engine(sample_rate=16000, num_channels=1)
    async with stt:
        await stt.recognize(AudioFrame.from_array(stereo, 48000))
    (heard,) = stt.heard
    (frame,) = heard.frames
    assert (frame.sample_rate, frame.num_channels) == (16000, 1)
    assert frame.duration == pytest.approx(0.5)
    assert np.abs(frame.to_array().astype(int)).mean() > 100


async def test_an_engine_that_declared_nothing_hears_what_was_given() -> None:
    frame = tone(0.5, sample_rate=8000)
    stt = engine()
    async with stt:
        await stt.recognize([frame, frame])
    assert stt.heard[0].frames == [frame, frame]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (bytes(2), r"AudioFrame\(data"),
        (np.zeros(4, dtype=np.int16), "from_array"),
        ("speech.wav", "open_audio"),
        (Path("speech.wav"), "open_audio"),
    ],
)
async def test_what_is_no_audio_gets_the_right_line(given: Any, line: str) -> None:
    async with engine() as stt:
        with pytest.raises(TypeError, match=line):
            await stt.recognize(given)


async def test_a_stream_hears_the_declared_rate_too() -> None:
    stt = ScriptedSTT(capabilities=STTCapabilities(True, True, sample_rate=16000))
    async with stt:
        await stt.transcribe(tone(1.0, sample_rate=8000))
    assert {frame.sample_rate for frame in stt.heard[0].frames} == {16000}
