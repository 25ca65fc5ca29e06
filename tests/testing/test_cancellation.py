from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from anyio_stt.testing import ScriptedSTT, cancel_everywhere, cut, noise
from anyio_stt.testing.backends import on_trio

pytestmark = pytest.mark.any_clock


class Lock:
    """Held across checkpoints, and never released when cancelled there."""

    def __init__(self) -> None:
        self.held = False

    async def careless(self) -> None:
        self.held = True
        await anyio.sleep(0.02)  # long enough for uvloop, whose clock counts milliseconds
        await anyio.sleep(0.02)  # long enough for uvloop, whose clock counts milliseconds
        self.held = False

    async def careful(self) -> None:
        try:
            await self.careless()
        finally:
            self.held = False

    def check(self) -> None:
        assert not self.held


async def test_every_checkpoint_is_counted_and_cancelled_once_in_each_way() -> None:
    lock = Lock()
    report = await cancel_everywhere(lock.careful, check=lock.check)
    assert len(report.checkpoints) == 2
    assert report.how == (("scope", "sibling") if on_trio() else ("scope", "sibling", "native"))
    assert report.runs == 2 * len(report.how)
    assert list(report.places.values()) == [1, 1]
    assert all(place.endswith("in careless") for place in report.places)


@pytest.mark.parametrize("how", ["scope", "sibling", "native"])
async def test_a_lock_held_across_cancellation_is_caught(how: Any) -> None:
    if how == "native" and on_trio():
        return  # trio has no other way than scopes
    lock = Lock()
    with pytest.raises(AssertionError, match=f"cancelled by {how} at checkpoint 1 of 2"):
        await cancel_everywhere(lock.careless, check=lock.check, how=[how])


async def test_cancelling_in_the_middle_really_stops_the_scenario() -> None:
    reached: list[int] = []

    async def scenario() -> None:
        for number in range(4):
            reached.append(number)
            await anyio.sleep(0.02)  # long enough for uvloop, whose clock counts milliseconds

    await cancel_everywhere(scenario, how=["scope"])
    assert reached == [0, 1, 2, 3, 0, 0, 1, 0, 1, 2, 0, 1, 2, 3]


async def test_what_another_error_says_is_kept() -> None:
    async def scenario() -> None:
        try:
            await checkpoint()
        except anyio.get_cancelled_exc_class():
            raise LookupError("not yours") from None

    with pytest.raises(AssertionError, match="LookupError: not yours") as caught:
        await cancel_everywhere(scenario)
    assert isinstance(caught.value.__cause__, LookupError)


async def test_a_scenario_that_fails_without_cancellation_says_so() -> None:
    async def scenario() -> None:
        raise LookupError("broken")

    with pytest.raises(AssertionError, match="uncancelled: LookupError: broken"):
        await cancel_everywhere(scenario)


async def test_a_cancellation_never_taken_back_is_caught() -> None:
    if on_trio() or not hasattr(asyncio.Task, "uncancel"):
        return  # only asyncio keeps count, from 3.11 on

    async def scenario() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)

    try:
        with pytest.raises(AssertionError, match=r"Task.cancelling\(\) is 1"):
            await cancel_everywhere(scenario, how=["scope"])
    finally:
        task: Any = asyncio.current_task()
        task.uncancel()


async def test_the_checkpoints_of_tasks_it_starts_count_too() -> None:
    async def scenario() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 0.001, name="child")

    own = await cancel_everywhere(scenario, how=["scope"])
    everything = await cancel_everywhere(scenario, how=["scope", "sibling"], tasks="all")
    assert len(everything.checkpoints) > len(own.checkpoints)


async def test_a_sample_keeps_the_first_and_the_last() -> None:
    stops: list[int] = []

    async def scenario() -> None:
        stops.append(0)
        for _ in range(50):
            await checkpoint()
            stops[-1] += 1

    report = await cancel_everywhere(scenario, sample=5, seed=3, how=["scope"])
    assert report.runs == 5
    assert len(report.checkpoints) == 50
    assert (stops[1], stops[-1]) == (0, 49)
    assert len(set(stops[1:])) == 5


async def test_a_check_may_be_async() -> None:
    async def check() -> None:
        await checkpoint()
        raise LookupError("async too")

    with pytest.raises(AssertionError, match="async too"):
        await cancel_everywhere(checkpoint, check=check)


@pytest.mark.parametrize("tasks", ["own", "all"])
async def test_a_stream_survives_it(tasks: Any) -> None:
    stt = ScriptedSTT()

    async def scenario() -> None:
        async with stt.stream() as stream, anyio.create_task_group() as group:
            group.start_soon(stream.feed, cut(noise(0.3), 0.1))
            async for _ in stream:
                pass

    def check() -> None:
        assert not stt._core_streams

    report = await cancel_everywhere(scenario, check=check, tasks=tasks)
    assert report.runs > 3
