from __future__ import annotations

import anyio
import pytest
from anyio.lowlevel import checkpoint

from anyio_stt._core.wakeup import Wakeup

pytestmark = pytest.mark.any_clock


async def test_a_call_wakes_the_task_that_waits() -> None:
    wakeup, woken = Wakeup(), []

    async def wait() -> None:
        await wakeup.wait()
        woken.append(True)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tg:
            tg.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            assert wakeup.waiting
            assert not woken
            wakeup.call()
    assert woken
    assert not wakeup.waiting


async def test_a_call_that_finds_nobody_waiting_leaves_nothing_behind() -> None:
    wakeup = Wakeup()
    for _ in range(5):
        wakeup.call()
    with anyio.move_on_after(0.001) as scope:
        await wakeup.wait()
    assert scope.cancelled_caught


async def test_a_cancelled_wait_leaves_one_call_at_the_most() -> None:
    wakeup = Wakeup()
    for _ in range(3):
        with anyio.move_on_after(0.001):
            await wakeup.wait()
    wakeup.call()
    wakeup.call()
    with anyio.fail_after(5):
        await wakeup.wait()  # the call that was left behind
    with anyio.move_on_after(0.001) as scope:
        await wakeup.wait()
    assert scope.cancelled_caught


@pytest.mark.contract("S6", "S19")
async def test_nothing_is_missed_by_one_who_looks_again_after_each_wait() -> None:
    wakeup, items, seen = Wakeup(), list[int](), list[int]()

    async def produce() -> None:
        for number in range(200):
            items.append(number)
            wakeup.call()
            for _ in range(number % 3):
                await checkpoint()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tg:
            tg.start_soon(produce)
            while len(seen) < 200:
                with anyio.move_on_after(0.001):
                    while not items:
                        await wakeup.wait()
                seen += items
                items.clear()
    assert seen == list(range(200))
