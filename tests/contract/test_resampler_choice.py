from __future__ import annotations

from typing import Literal

import anyio
import pytest

from anyio_stt import APIConnectOptions
from anyio_stt.testing import ScriptedSTT, cut, tone


@pytest.mark.any_clock
@pytest.mark.contract("S8", "S21")
@pytest.mark.parametrize("name", ["soxr", "samplerate"])
async def test_the_resampler_is_chosen_by_name_and_visible(
    name: Literal["soxr", "samplerate"],
) -> None:
    stt = ScriptedSTT(sample_rate=16000)
    options = APIConnectOptions(resampler=name)
    with anyio.fail_after(5):
        async with stt.stream(conn_options=options) as stream:
            assert stream.statistics().resampler is None
            await stream.feed(cut(tone(0.5, sample_rate=48000), 0.02))
            assert stream.statistics().resampler == name
            async for _ in stream:
                pass
    assert len(stt.heard[0].audio) == 2 * 8000


def test_an_unknown_resampler_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"resampler must be one of .* got 'best'"):
        APIConnectOptions(resampler="best")  # type: ignore[arg-type]
