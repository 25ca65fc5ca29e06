"""The engine and its detector keep the contract."""

from __future__ import annotations

from functools import partial

import anyio
import pytest

pytest.importorskip("pocketsphinx")

from anyio_stt.engines.pocketsphinx import PocketSphinxSTT, PocketSphinxVAD
from anyio_stt.testing import check_stt, check_vad


@pytest.mark.heavy
@pytest.mark.timeout(300)
def test_the_engine_keeps_the_contract() -> None:
    # Once, and what says most: all checks together take two minutes on a busy machine. They are
    # `pytest --stt anyio_stt.engines.pocketsphinx:PocketSphinxSTT`.
    checks = ["ending", "flush", "origin", "usage", "blocking", "no-retry", "recognize"]
    anyio.run(partial(check_stt, PocketSphinxSTT, patience=30, checks=checks))


@pytest.mark.heavy
@pytest.mark.real_time
@pytest.mark.timeout(120)
async def test_the_engine_lives_and_dies_by_the_contract_on_every_event_loop() -> None:
    await check_stt(PocketSphinxSTT, checks=["construction", "leaks", "abort"], patience=30)


@pytest.mark.real_time
async def test_the_detector_keeps_the_contract() -> None:
    await check_vad(PocketSphinxVAD)
