"""Audio on its way to a worker: what lags goes in larger pieces, and all of it goes."""

from __future__ import annotations

import pytest

from anyio_stt.workers.feed import WorkerFeed
from anyio_stt.workers.in_thread import ThreadWorker
from anyio_stt.workers.threads import WorkerThreads
from anyio_stt.workers.wire import Kind, Message

PIECE = 2048  # bytes: 64 ms


class Told(ThreadWorker):
    """Notes what it is told, and has heard it at once."""

    def __init__(self) -> None:
        super().__init__("test", WorkerThreads(1), lambda: pytest.fail("nothing is loaded"))
        self.told: list[Message] = []

    async def send(self, message: Message) -> None:
        self.told.append(message)

    @property
    def sizes(self) -> list[int]:
        return [len(each.audio) // PIECE for each in self.told if each.kind is Kind.AUDIO]


def piece(number: int) -> bytes:
    return bytes([number]) * PIECE


async def test_a_stream_that_keeps_up_is_heard_piece_by_piece() -> None:
    worker = Told()
    feed = WorkerFeed(worker)
    for number in range(5):
        await feed.send(piece(number))
    assert worker.sizes == [1] * 5
    assert not worker.hurried


async def test_a_stream_that_lags_is_heard_half_a_second_at_a_time() -> None:
    worker = Told()
    feed = WorkerFeed(worker)

    for number in range(20):
        await feed.send(piece(number), lagging=True)
        feed._unheard.clear()
    await feed.send(piece(20))

    assert worker.sizes == [8, 8, 5]
    assert b"".join(each.audio for each in worker.told) == b"".join(map(piece, range(21)))


@pytest.mark.parametrize("last", [Kind.FLUSH, Kind.END])
async def test_what_was_held_goes_before_a_flush_and_before_the_end(last: Kind) -> None:
    worker = Told()
    feed = WorkerFeed(worker)

    await feed.send(piece(1), lagging=True)
    await (feed.flush() if last is Kind.FLUSH else feed.end())

    assert [each.kind for each in worker.told] == [Kind.AUDIO, last]
    assert worker.told[0].audio == piece(1)
