"""What was pushed into an adapter is recognised, was silence, or is told as lost: all of it."""

from __future__ import annotations

import os
import random

import anyio
import numpy as np
import pytest

from anyio_stt import (
    STT,
    APIConnectOptions,
    APIError,
    AudioFrame,
    AudioLostError,
    FallbackAdapter,
    RecognizeStream,
    SpeechEventType,
    StreamAdapter,
    StreamClosedError,
    STTError,
)
from anyio_stt.adapters import MultiChannel, MultiSpeakerAdapter
from anyio_stt.testing import cut_randomly
from tests.adapters.loud_vad import LoudVAD
from tests.adapters.numbered import STEP, Faults, NumberSTT, speech

FEW = 12
MANY = 10_000 if os.environ.get("ANYIO_STT_SOAK") else 100
STEPS = 80
CHANNEL = 1000  # the numbers of the second channel begin there


def fallback(faults: Faults, **options: float) -> FallbackAdapter:
    members = [NumberSTT(faults, label=label) for label in "abc"]
    return FallbackAdapter(members, attempt_timeout=2, retry_interval=0.5, **options)  # type: ignore[arg-type]


def batch_fallback(faults: Faults) -> FallbackAdapter:
    members = [NumberSTT(faults, streaming=False, label=label) for label in "ab"]
    return FallbackAdapter(members, vad=LoudVAD(), attempt_timeout=2, retry_interval=0.5)


def adapter(kind: str, faults: Faults) -> STT:
    if kind == "stream":
        return StreamAdapter(stt=NumberSTT(faults, streaming=False), vad=LoudVAD())
    if kind == "guesses":
        engine = NumberSTT(faults, streaming=False)
        return StreamAdapter(stt=engine, vad=LoudVAD(), interim_interval=0.3)
    if kind == "speakers":
        return MultiSpeakerAdapter(stt=NumberSTT(faults))
    if kind == "channels":
        return MultiChannel(NumberSTT(faults))
    if kind == "batch fallback":
        return batch_fallback(faults)
    return fallback(faults, **({"hedge_after": 0.3} if kind == "hedged" else {}))


KINDS = ["stream", "guesses", "speakers", "channels", "fallback", "hedged", "batch fallback"]


async def check(kind: str, seed: int) -> None:
    rng = random.Random(seed)
    faults = Faults(rng, rng.choice([0.0, 0.05, 0.15, 0.4]))
    audio, said = speech(rng, STEPS)
    if kind == "channels":
        audio, said = _with_second_channel(audio, said, rng)
    options = APIConnectOptions(
        max_retry=rng.choice([0, 2]), retry_interval=0.2, timeout=5.0, max_retry_after=5.0,
        replay_limit=rng.choice([None, None, 3.0]),
    )  # fmt: skip
    heard: list[int] = []
    lost: list[tuple[float, float]] = []
    failure: APIError | None = None

    def note(error: STTError) -> None:
        if isinstance(error.error, AudioLostError) and error.recoverable:
            lost.extend(error.error.lost)

    stt = adapter(kind, faults)
    stt.on("error", note)
    pace = rng.choice([0.0, 0.05])
    with anyio.fail_after(600):
        stream = stt.stream(conn_options=options)
        try:
            async with stt, stream, anyio.create_task_group() as tasks:
                tasks.start_soon(_feed, stream, cut_randomly(audio, rng), pace)
                async for event in stream:
                    if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                        heard += map(int, event.alternatives[0].text.split())
        except BaseException as exc:
            failure = _only(exc)
    numbers = stream.statistics()
    assert numbers.pending == numbers.replay == 0
    accounted = numbers.recognised + numbers.silent + numbers.dropped
    assert accounted == pytest.approx(numbers.pushed, abs=1e-3), (kind, seed, numbers)
    if failure is not None:
        return
    assert numbers.pushed == pytest.approx(audio.duration, abs=1e-3)
    told = sum(end - start for start, end in lost)
    assert told == pytest.approx(numbers.dropped, abs=1e-3), (kind, seed, lost, numbers)
    missing = {each for each in said - set(heard) if not _within(each % CHANNEL * STEP, lost)}
    assert not missing, (kind, seed, missing, lost)
    if "stream" not in kind and "batch" not in kind and kind != "guesses":
        assert len(heard) == len(set(heard)), (kind, seed, sorted(heard))


def _with_second_channel(
    left: AudioFrame, said: set[int], rng: random.Random
) -> tuple[AudioFrame, set[int]]:
    right, more = speech(rng, STEPS, CHANNEL)
    both = np.stack([left.to_array().reshape(-1), right.to_array().reshape(-1)], axis=1)
    return AudioFrame.from_array(both, left.sample_rate), said | more


def _within(time: float, lost: list[tuple[float, float]]) -> bool:
    return any(start - STEP <= time <= end + STEP for start, end in lost)


async def _feed(stream: RecognizeStream, frames: list[AudioFrame], pace: float) -> None:
    try:
        for frame in frames:
            await anyio.sleep(pace)
            await stream.send_frame(frame)
        stream.end_input()
    except StreamClosedError:
        return


def _only(error: BaseException) -> APIError:
    while isinstance(error, BaseException) and hasattr(error, "exceptions"):
        error = error.exceptions[0]
    if not isinstance(error, APIError):
        raise error
    return error


@pytest.mark.contract("S21")
@pytest.mark.parametrize("kind", KINDS)
async def test_every_second_is_accounted_for_whatever_fails(kind: str) -> None:
    for seed in range(FEW):
        await check(kind, seed)


@pytest.mark.heavy
@pytest.mark.usefixtures("unlogged")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
async def test_in_many_random_streams_nothing_is_unaccounted(kind: str) -> None:
    for seed in range(FEW, FEW + MANY):
        await check(kind, seed)
