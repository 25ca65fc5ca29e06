"""A pair of engines in processes of their own, with either killed at every second."""

from __future__ import annotations

import os
import sys

import anyio
import pytest

from anyio_stt.testing import spoken
from tests.adapters.fallback_kills import SCENARIOS, TOLERANCE, compare, transcribe

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.real_time,
    pytest.mark.timeout(180),
    pytest.mark.skipif(sys.platform != "linux", reason="finds its children in /proc"),
]


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_killing_either_member_at_any_second_loses_no_stretch_and_says_none_twice(
    scenario: str,
) -> None:
    pytest.importorskip("pocketsphinx")
    audio = spoken().frame
    with anyio.fail_after(150):
        undisturbed = await transcribe(audio)
        assert len(undisturbed.words) > 8
        every = range(int(audio.duration) + 1)
        for second in every if os.environ.get("ANYIO_STT_SOAK") else every[1::5]:
            disturbed = compare(undisturbed, await transcribe(audio, scenario, second))

            assert disturbed.switches == 1
            assert disturbed.uncovered <= TOLERANCE, (second, disturbed)
            assert disturbed.twice <= 0.02, (second, disturbed)
            assert disturbed.missing <= TOLERANCE, (second, disturbed)
