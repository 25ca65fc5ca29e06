"""S8: `recognize` hands an engine audio as it declared it."""

from __future__ import annotations

from typing import Any

import pytest

from anyio_stt import APIConnectOptions, AudioFrame, STTCapabilities
from anyio_stt.testing import ScriptedSTT, cut, noise


def engine(**declared: Any) -> ScriptedSTT:
    capabilities = STTCapabilities(streaming=False, interim_results=False, **declared)
    return ScriptedSTT(capabilities=capabilities)


async def heard(stt: ScriptedSTT, buffer: Any) -> AudioFrame:
    await stt.recognize(buffer, conn_options=APIConnectOptions(max_retry=0))
    [frame] = stt.heard[0].frames
    return frame


@pytest.mark.contract("S8")
@pytest.mark.parametrize("rate", [8000, 44100, 48000])
@pytest.mark.parametrize("in_pieces", [False, True])
async def test_a_recording_is_resampled_to_the_rate_that_the_engine_takes(
    rate: int, *, in_pieces: bool
) -> None:
    audio = noise(1.0, sample_rate=rate)
    frame = await heard(engine(sample_rate=16000), cut(audio, 0.1) if in_pieces else audio)
    assert (frame.sample_rate, frame.samples_per_channel) == (16000, 16000)


@pytest.mark.contract("S8")
async def test_channels_are_mixed_down_for_an_engine_that_takes_one() -> None:
    frame = await heard(engine(num_channels=1), noise(0.5, num_channels=2))
    assert (frame.num_channels, frame.samples_per_channel) == (1, 8000)


@pytest.mark.contract("S8")
async def test_what_fits_is_handed_on_as_it_is() -> None:
    audio = noise(0.5)
    assert await heard(engine(sample_rate=16000, num_channels=1), audio) is audio
    assert await heard(engine(), audio) is audio


@pytest.mark.contract("S8")
async def test_channels_that_cannot_be_made_up_are_refused_before_any_work() -> None:
    stt = engine(num_channels=2)
    with pytest.raises(ValueError, match="takes 2 channels, the audio has 1"):
        await stt.recognize(noise(0.1))
    assert stt.heard == []
