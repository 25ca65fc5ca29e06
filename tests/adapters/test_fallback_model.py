"""Fallbacks of random members do what a model of the promise says."""

from __future__ import annotations

import os

import anyio
import pytest
from hypothesis import HealthCheck, given, settings

from anyio_stt import APIConnectionError, APIConnectOptions, FallbackAdapter, SpeechEventType
from anyio_stt.testing import assert_no_leaks, cut, noise
from tests.adapters.plans import (
    RETRY_INTERVAL,
    SECONDS,
    TIMEOUT,
    Act,
    PlannedSTT,
    expected,
    members,
)

MANY = 2_000 if os.environ.get("ANYIO_STT_SOAK") else 80
FRAMES = cut(noise(SECONDS), 0.1)
quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


async def check(plan: list[list[Act]], pending: float) -> None:
    plans = {f"m{number}": acts for number, acts in enumerate(plan)}
    model = expected(plans)
    asked: list[str] = []
    pair = FallbackAdapter(
        [PlannedSTT(label, acts, asked) for label, acts in plans.items()],
        attempt_timeout=TIMEOUT,
        max_retry_per_stt=0,
        retry_interval=RETRY_INTERVAL,
    )
    began = anyio.current_time()
    failure: Exception | None = None
    reached = 0.0
    async with assert_no_leaks():
        with anyio.fail_after(model.longest + 60):
            try:
                options = APIConnectOptions(max_pending_audio=pending)
                async with pair.stream(conn_options=options) as stream:
                    await stream.feed(FRAMES)
                    async for event in stream:
                        if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                            data = event.alternatives[0]
                            assert data.start_time >= reached - 1e-6  # nothing twice
                            reached = data.end_time
            except APIConnectionError as exc:
                failure = exc
    assert asked == model.asked
    assert (failure is None) is model.succeeds, failure
    assert anyio.current_time() - began <= model.longest + 1.0
    if model.succeeds:
        assert reached == pytest.approx(SECONDS, abs=1e-3)


@given(plan=members)
@settings(max_examples=40, suppress_health_check=quiet)
async def test_it_asks_whom_the_model_asks_and_fails_only_when_the_model_fails(
    plan: list[list[Act]],
) -> None:
    await check(plan, 60.0)


@pytest.mark.heavy
@given(plan=members)
@settings(max_examples=MANY, suppress_health_check=quiet)
async def test_many_random_members_and_little_room_change_nothing(plan: list[list[Act]]) -> None:
    await check(plan, SECONDS if len(plan) % 2 else 60.0)
