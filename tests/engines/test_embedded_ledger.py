"""What engines on this machine were given is recognised, silent or told as lost: all of it."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from functools import partial
from typing import Any

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectOptions,
    APIError,
    AudioFrame,
    AudioLostError,
    RecognizeStream,
    StreamClosedError,
    STTError,
)
from anyio_stt.engines import load_engine
from anyio_stt.testing import cut_randomly, silence, spoken
from tests.workers.engines import kill_workers

SOAK = bool(os.environ.get("ANYIO_STT_SOAK"))
MANY = 200 if SOAK else 1
BACKENDS = ["asyncio", "trio"] if SOAK else ["asyncio"]
ENGINES: dict[str, tuple[str, dict[str, Any]]] = {
    "pocketsphinx": ("pocketsphinx", {}),
    "sherpa": ("sherpa", {}),
    "sherpa-isolated": ("sherpa", {"isolated": True}),
    "whisper": ("whisper", {"max_workers": 1}),
    "whisper-isolated": ("whisper", {"max_workers": 1, "isolated": True}),
}


def parts(rng: random.Random) -> list[AudioFrame]:
    """Return stretches of speech and of silence, cut anywhere."""
    whole, found = spoken().frame, []
    for _ in range(rng.randint(1, 3)):
        first = rng.randrange(whole.samples_per_channel // 2)
        found.append(whole.slice(first, first + rng.randrange(1600, 40_000)))
        found.append(silence(rng.random() * 2, sample_rate=whole.sample_rate))
    return found


async def feed(stream: RecognizeStream, rng: random.Random, *, aborts: bool) -> None:
    """Push, flush, kill workers where there are any; end the input, or abort."""
    with suppress(StreamClosedError):
        for part in parts(rng):
            for frame in cut_randomly(part, rng, 6):
                await stream.send_frame(frame)
                if rng.random() < 0.05:
                    await anyio.sleep(rng.random() / 5)
                    kill_workers()
            if rng.random() < 0.4:
                stream.flush()
        if aborts:
            await stream.aclose()
        else:
            stream.end_input()


async def check(stt: STT, seed: int) -> None:
    rng = random.Random(seed)
    lost: list[tuple[float, float]] = []

    def note(error: STTError) -> None:
        if isinstance(error.error, AudioLostError):
            lost.extend(error.error.lost)

    stt.on("error", note)
    options = APIConnectOptions(max_retry=rng.choice([0, 2, 8]), retry_interval=0.01)
    aborts = rng.random() < 0.1
    with anyio.fail_after(60):
        async with stt.stream(conn_options=options) as stream, anyio.create_task_group() as tasks:
            tasks.start_soon(partial(feed, stream, rng, aborts=aborts))
            with suppress(APIError):
                async for _ in stream:
                    pass
    stt.off("error", note)
    numbers = stream.statistics()
    assert (numbers.pending, numbers.replay) == (0.0, 0.0)
    settled = numbers.recognised + numbers.silent + numbers.dropped
    assert settled == pytest.approx(numbers.pushed, abs=2e-3), (seed, numbers)
    if not aborts:
        told = sum(end - start for start, end in lost)
        assert told == pytest.approx(numbers.dropped, abs=2e-3), (seed, numbers, lost)


@pytest.mark.heavy
@pytest.mark.timeout(14_400)
@pytest.mark.contract("S16", "S21")
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ENGINES)
def test_in_many_random_streams_nothing_is_unaccounted(name: str, backend: str) -> None:
    engine, options = ENGINES[name]
    try:
        load_engine(engine)(**options)
    except (ImportError, LookupError) as exc:
        pytest.skip(f"{exc}")

    async def run() -> None:
        async with load_engine(engine)(**options) as stt:
            for seed in range(MANY):
                await check(stt, seed)

    anyio.run(run, backend=backend)
