from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.lowlevel import checkpoint

from anyio_stt._core.channel import Channel

pytestmark = pytest.mark.any_clock


@asynccontextmanager
async def opened() -> AsyncIterator[Channel[int]]:
    channel = Channel[int]()
    try:
        with anyio.fail_after(5):
            yield channel
    finally:
        channel.end()


async def test_items_come_out_in_the_order_they_went_in_also_after_the_end() -> None:
    async with opened() as channel:
        channel.put(1)
        channel.put(2)
        assert [await channel.receive()] == [1]
        channel.put(3)
        channel.end()
        assert [item async for item in channel] == [2, 3]


async def test_each_end_raises_what_a_memory_object_stream_raises() -> None:
    async with opened() as channel:
        with pytest.raises(anyio.WouldBlock):
            channel.receive_nowait()
        channel.put(1)
        channel.end()
        with pytest.raises(anyio.ClosedResourceError):
            channel.put(2)
        assert channel.receive_nowait() == 1
        with pytest.raises(anyio.EndOfStream):
            channel.receive_nowait()
        with pytest.raises(anyio.EndOfStream):
            await channel.receive()
        await channel.aclose()
        with pytest.raises(anyio.ClosedResourceError):
            await channel.receive()


async def test_closing_lets_go_of_what_waits() -> None:
    async with opened() as channel:
        channel.put(1)
        await channel.aclose()
        assert channel.statistics().current_buffer_used == 0
        with pytest.raises(anyio.ClosedResourceError):
            channel.receive_nowait()


async def test_statistics_count_items_and_waiting_tasks() -> None:
    async with opened() as channel, anyio.create_task_group() as tasks:
        tasks.start_soon(channel.receive)
        await anyio.wait_all_tasks_blocked()
        numbers = channel.statistics()
        assert (numbers.current_buffer_used, numbers.tasks_waiting_receive) == (0, 1)
        assert numbers.max_buffer_size == math.inf
        assert numbers.open_send_streams == numbers.open_receive_streams == 1
        channel.put(1)
        channel.put(2)
        await anyio.wait_all_tasks_blocked()
        assert channel.statistics().current_buffer_used == 1


@pytest.mark.parametrize("items", [0, 1, 2])
async def test_every_task_that_waits_is_woken_by_the_end(items: int) -> None:
    got: list[int] = []

    async def take(channel: Channel[int]) -> None:
        got.extend([item async for item in channel])

    async with opened() as channel, anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(take, channel)
        await anyio.wait_all_tasks_blocked()
        for item in range(items):
            channel.put(item)
        channel.end()
    assert sorted(got) == list(range(items))


async def test_a_receive_that_is_cancelled_as_its_item_arrives_loses_nothing() -> None:
    async with opened() as channel:
        got: list[int] = []

        async def take() -> None:
            with scope:
                got.append(await channel.receive())

        scope = anyio.CancelScope()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take)
            await anyio.wait_all_tasks_blocked()
            channel.put(1)
            scope.cancel()
        channel.put(2)
        channel.end()
        assert got + [item async for item in channel] == [1, 2]


async def test_many_cancelled_waits_leave_no_wakeups_that_add_up() -> None:
    async with opened() as channel:
        for _ in range(100):
            with anyio.move_on_after(0):
                await channel.receive()
        channel.put(1)
        assert await channel.receive() == 1
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(channel.receive)
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        assert channel.count == 0


async def _lost_by_a_native_cancel(receive: object, send: object) -> bool:
    """Cancel a waiting task natively between the hand-over and its wake-up."""
    task = asyncio.ensure_future(receive())  # type: ignore[operator]
    for _ in range(3):
        await checkpoint()
    send(1)  # type: ignore[operator]
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


async def test_a_native_cancel_between_hand_over_and_wake_up_loses_no_item(
    anyio_backend_name: str,
) -> None:
    if anyio_backend_name != "asyncio":
        pytest.skip("trio has no other way than scopes")
    async with opened() as channel:
        assert await _lost_by_a_native_cancel(channel.receive, channel.put)
        assert channel.receive_nowait() == 1
    # What this is for: a plain memory object stream loses it.
    send, receive = anyio.create_memory_object_stream[int](math.inf)
    async with send, receive:
        assert await _lost_by_a_native_cancel(receive.receive, send.send_nowait)
        with pytest.raises(anyio.WouldBlock):
            receive.receive_nowait()
