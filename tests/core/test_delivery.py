from __future__ import annotations

from collections.abc import Iterator

import anyio
import pytest
from anyio.lowlevel import checkpoint

from anyio_stt._core.delivery import Delivery

pytestmark = pytest.mark.any_clock


MADE: list[Delivery[str]] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test made: a channel that is left open complains."""
    yield
    for output in MADE:
        output.close()
    MADE.clear()


def delivery() -> Delivery[str]:
    """Events are words: guesses end in "?", asides begin with "(", lanes come after "@"."""
    output = Delivery[str](
        is_guess=lambda event: "?" in event,
        is_aside=lambda event: event.startswith("("),
        lane_of=lambda event: event.partition("@")[2],
    )
    MADE.append(output)
    return output


async def everything(output: Delivery[str]) -> list[str]:
    events = []
    with anyio.fail_after(5):
        while True:
            try:
                events.append(await output.next())
            except StopAsyncIteration:
                return events


@pytest.mark.contract("S12")
@pytest.mark.parametrize(
    ("put", "read"),
    [
        (["a", "b", "a"], ["a", "b", "a"]),
        (["a?", "b?", "c?"], ["c?"]),
        (["a?", "b", "c?", "d?"], ["a?", "b", "d?"]),
        (["a?", "(aside)", "b?"], ["b?", "(aside)"]),
        (["a?@1", "b?@2", "c?@1", "d?@2"], ["c?@1", "d?@2"]),
        (["a?@1", "b@2", "c?@1"], ["c?@1", "b@2"]),
    ],
)
async def test_a_guess_replaces_the_unread_one_of_its_lane_and_nothing_else_is_replaced(
    put: list[str], read: list[str]
) -> None:
    output = delivery()
    for event in put:
        output.put(event)
    assert output.unread == len(read)
    output.close()
    assert await everything(output) == read


@pytest.mark.contract("S14")
async def test_the_failure_comes_after_the_events_once_and_then_the_end() -> None:
    output = delivery()
    output.put("a")
    output.close(LookupError("why"))
    output.close(KeyError("only the first call counts"))
    with anyio.fail_after(5):
        assert await output.next() == "a"
        with pytest.raises(LookupError, match="why"):
            await output.next()
        with pytest.raises(StopAsyncIteration):
            await output.next()
    assert output.take_failure() is None


async def test_a_failure_that_was_taken_is_not_raised() -> None:
    output = delivery()
    error = LookupError()
    output.close(error)
    assert output.take_failure() is error
    assert await everything(output) == []


@pytest.mark.contract("S13")
async def test_cancelled_again_and_again_it_loses_nothing() -> None:
    output = delivery()
    seen: list[str] = []

    async def put() -> None:
        for number in range(100):
            output.put(str(number))
            for _ in range(number % 4):
                await checkpoint()
        output.close()

    async def cancel_after(scope: anyio.CancelScope, steps: int) -> None:
        for _ in range(steps):
            await checkpoint()
        scope.cancel()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tg:
            tg.start_soon(put)
            for patience in range(10_000):
                with anyio.CancelScope() as scope:
                    tg.start_soon(cancel_after, scope, patience % 3)
                    try:
                        while True:
                            seen.append(await output.next())
                    except StopAsyncIteration:
                        break
    assert seen == [str(number) for number in range(100)]


@pytest.mark.contract("S13")
async def test_a_cancelled_wait_does_not_keep_the_next_reader_out() -> None:
    output = delivery()
    with anyio.fail_after(5):
        for _ in range(3):
            with anyio.move_on_after(0.001):
                await output.next()
        output.put("a")
        assert await output.next() == "a"
