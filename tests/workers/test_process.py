"""Workers that misbehave: each wait has a deadline, and none is left behind."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from anyio_stt import APIConnectionError, APIError, APITimeoutError
from anyio_stt.testing import assert_no_leaks
from anyio_stt.workers import pool as pools
from anyio_stt.workers import wire
from anyio_stt.workers.pool import WorkerPool
from anyio_stt.workers.process import WorkerProcess, command_for
from anyio_stt.workers.wire import Kind, Message

pytestmark = pytest.mark.real_time

SETUP = Message(Kind.SETUP, fields={"endpointing": {}})
WORKER = """
import os, sys, time
sys.path.insert(0, {folder!r})
from wire import Kind, Message, MessageReader, pack

def messages():
    reader = MessageReader()
    while data := os.read(0, 65536):
        yield from reader.feed(data)

def say(kind, **fields):
    os.write(1, pack(Message(kind, fields=fields)))

for message in messages():
    {body}
"""
ANSWERS = "say({1: Kind.READY, 2: Kind.READY, 5: Kind.DONE}.get(message.kind, Kind.HEARD), quiet=0)"


def command(body: str) -> list[str]:
    folder = str(Path(wire.__file__).parent)
    return [sys.executable, "-c", WORKER.format(folder=folder, body=body)]


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    # uvloop opens /dev/null with the first process it starts, and keeps it.
    await anyio.run_process([sys.executable, "-c", ""])
    with anyio.fail_after(20):
        async with assert_no_leaks():
            yield


async def start(body: str, patience: float = 10.0) -> WorkerProcess:
    return await WorkerProcess.start("test", SETUP, patience, command(body))


@pytest.mark.parametrize(
    ("body", "patience", "error", "why"),
    [
        ("time.sleep(60)", 0.5, APITimeoutError, r"did not answer within 0\.5 s"),
        ("sys.exit(3)", 10.0, APIConnectionError, r"died: exit code 3"),
        ("os.kill(os.getpid(), 9)", 10.0, APIConnectionError, r"exit code -9 \(SIGKILL\)"),
        ("os.close(1); sys.exit()", 10.0, APIConnectionError, r"died: exit code 0"),
        (
            "os.write(1, bytes(64))",
            10.0,
            APIConnectionError,
            r"sent what cannot be read: .* of kind 0",
        ),
        ("say(Kind.DONE)", 10.0, APIConnectionError, r"said DONE instead of READY"),
        ("say(Kind.FAULT, error='no', retryable=False)", 10.0, APIError, r"failed: no"),
    ],
)
async def test_a_worker_that_fails_at_its_start_says_how_and_is_gone(
    body: str, patience: float, error: type[APIError], why: str
) -> None:
    async with nothing_left():
        with pytest.raises(error, match=why) as raised:
            await start(body, patience)
    assert raised.value.retryable is ("FAULT" not in body)


async def test_a_command_that_cannot_be_run_is_a_connection_error() -> None:
    with pytest.raises(APIConnectionError, match="cannot start a test worker"):
        await WorkerProcess.start("test", SETUP, 10.0, ["/no/such/program"])


async def test_a_worker_that_owes_nothing_may_be_silent() -> None:
    async with nothing_left():
        worker = await start(ANSWERS, patience=0.5)
        with anyio.move_on_after(1.0) as waited:
            await worker.receive()
        assert waited.cancelled_caught
        await worker.send(Message(Kind.FLUSH))
        assert (await worker.receive()).kind is Kind.HEARD
        await worker.kill()


async def test_a_late_answer_is_noticed_by_who_has_waited_since_before_the_question() -> None:
    async with nothing_left():
        body = ANSWERS + " if message.kind != Kind.FLUSH else time.sleep(60)"
        worker = await start(body, patience=1.0)
        with pytest.raises(APITimeoutError):
            await ask_while_listening(worker)
        await worker.kill()


async def ask_while_listening(worker: WorkerProcess) -> None:
    failure: list[APITimeoutError] = []

    async def listen() -> None:
        try:
            await worker.receive()
        except APITimeoutError as exc:
            failure.append(exc)

    async with anyio.create_task_group() as tg:
        tg.start_soon(listen)
        await anyio.wait_all_tasks_blocked()
        await worker.send(Message(Kind.FLUSH))
    raise failure[0]


async def test_cancelling_a_start_leaves_no_process() -> None:
    async with nothing_left():
        with anyio.move_on_after(0.3) as cancelled:
            await start("time.sleep(60)")
        assert cancelled.cancelled_caught


async def test_a_worker_ends_when_its_parent_closes_the_pipe() -> None:
    async with nothing_left():
        process = await anyio.open_process(command_for("tests.workers.fake:load"))
        assert process.stdin is not None
        await process.stdin.aclose()
        with anyio.fail_after(10):
            assert await process.wait() == 0
        await process.aclose()


async def test_a_block_that_fails_does_not_give_its_worker_back() -> None:
    pool = WorkerPool("test", lambda: start(ANSWERS), max_workers=1, turn_timeout=5.0)
    pool.keep = True
    async with nothing_left():
        with pytest.raises(KeyError):
            await fail_in(pool)
        assert pool.statistics() == pools.PoolStatistics(1, busy=0, idle=0, waiting=0, started=1)
        async with pool.worker(interims=False):
            assert pool.statistics().busy == 1
        assert pool.statistics() == pools.PoolStatistics(1, busy=0, idle=1, waiting=0, started=2)
        await pool.aclose()
        assert pool.statistics().idle == 0


async def fail_in(pool: WorkerPool) -> None:
    async with pool.worker(interims=False):
        raise KeyError


async def test_a_worker_cannot_be_had_while_all_are_busy_and_waiting_can_be_cancelled() -> None:
    pool = WorkerPool("test", lambda: start(ANSWERS), max_workers=1, turn_timeout=5.0)
    async with nothing_left(), pool.worker(interims=False):
        assert pool.full
        with anyio.move_on_after(0.1) as cancelled:
            async with pool.worker(interims=False):
                pass
        assert cancelled.cancelled_caught
        assert pool.statistics() == pools.PoolStatistics(1, busy=1, idle=0, waiting=0, started=1)
