"""Each adapter keeps the contract with an engine behind it that keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anyio_stt import STT, FallbackAdapter, StreamAdapter, STTCapabilities
from anyio_stt.adapters import MultiChannel, MultiSpeakerAdapter
from anyio_stt.testing import check_stt, check_vad
from anyio_stt.testing.conformance.suite import CHECKS
from tests.adapters.loud_vad import LoudVAD
from tests.testing.loud_engine import LoudSTT

# Why a check does not apply: members retry, not the adapter, so nothing makes up for an
# adapter's own `_run` that is broken off.
MEMBERS_RETRY = "lost-connection"
# The fallback's retry is another engine, whatever the caller's max_retry.
ANOTHER_ENGINE = "no-retry"
# What recognises is `recognize` of a batch engine, which measures each utterance as a recording.
BATCH_MEASURES = "usage"


class Batch(LoudSTT):
    """The same engine, said to recognise recordings only."""

    def __init__(self) -> None:
        super().__init__()
        self._capabilities = STTCapabilities(streaming=False, interim_results=False)


class Speakers(LoudSTT):
    """The same engine, said to tell speakers apart."""

    def __init__(self) -> None:
        super().__init__()
        self._capabilities = STTCapabilities(streaming=True, interim_results=True, diarization=True)


CASES: dict[str, tuple[Callable[[], STT], set[str]]] = {
    "stream": (
        lambda: StreamAdapter(stt=Batch(), vad=LoudVAD()),
        {MEMBERS_RETRY, BATCH_MEASURES},
    ),
    "fallback": (lambda: FallbackAdapter([LoudSTT(), LoudSTT()]), {ANOTHER_ENGINE}),
    "hedged": (
        lambda: FallbackAdapter([LoudSTT(), LoudSTT()], hedge_after=0.5),
        {ANOTHER_ENGINE},
    ),
    "channels": (lambda: MultiChannel(LoudSTT()), {MEMBERS_RETRY}),
    "speakers": (lambda: MultiSpeakerAdapter(stt=Speakers()), {MEMBERS_RETRY}),
}


@pytest.mark.parametrize("name", list(CASES))
async def test_each_adapter_keeps_the_contract(name: str) -> None:
    make, not_applicable = CASES[name]
    checks: Any = {check.name for check in CHECKS} - not_applicable

    await check_stt(make, checks=checks)


async def test_a_windowed_detector_keeps_the_contract() -> None:
    await check_vad(LoudVAD)
