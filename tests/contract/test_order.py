"""S2, S3, S21: what ends the program ends a stream in order, and leaves as itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from anyio_stt import APIConnectionError, APIConnectOptions
from anyio_stt.testing import Fail, Hang, Hear, HearAll, Say, ScriptedSTT, final, noise, usage

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup


FRAME = noise(0.5, seed=1)
EVENTS = [
    "stream_started",
    "attempt_started",
    "attempt_ended",
    "error",
    "speech_event",
    "metrics_collected",
    "stream_ended",
]
ENDS = [SystemExit(3), KeyboardInterrupt(), GeneratorExit()]


def noisy() -> ScriptedSTT:
    lost = Fail(APIConnectionError("x", retry_after=0))
    return ScriptedSTT([Hear(0.1), lost], [HearAll(), Say(final("a", end=0.5)), Say(usage(0.5))])


def raiser(error: BaseException) -> Callable[..., None]:
    def listener(*_: object) -> None:
        raise error

    return listener


@pytest.mark.contract("S21", "S3", "S2")
@pytest.mark.parametrize("reading", [True, False], ids=["reading", "asleep"])
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("error", ENDS[:2], ids=repr)
async def test_what_a_listener_ends_the_program_with_leaves_the_block_as_itself(
    event: str, error: BaseException, *, reading: bool
) -> None:
    stt = noisy()
    stt.on(event, raiser(error))
    left = False
    with anyio.fail_after(5), pytest.raises(type(error)) as caught:
        async with stt.stream() as stream:
            try:
                stream.push_frame(FRAME)
                stream.end_input()
                if reading:
                    async for _ in stream:
                        pass
                await anyio.sleep_forever()
            finally:
                left = True
    assert caught.value is error
    assert left or event in ("stream_started", "attempt_started")
    assert not stt._core_streams
    await anyio.sleep(0)  # the task is cancelled no longer


@pytest.mark.contract("S21", "S3")
@pytest.mark.parametrize("event", ["attempt_ended", "error"])
def test_what_a_listener_ends_the_program_with_ends_a_started_stream_at_once(event: str) -> None:
    stt = noisy()
    told: list[str] = []
    for kind in EVENTS:
        stt.on(kind, lambda *_, kind=kind: told.append(kind))
    stt.on(event, raiser(SystemExit(3)))

    async def main() -> None:
        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                stream = stt.stream().start(tasks)
                stream.push_frame(FRAME)
                stream.end_input()
                await anyio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as caught:
        anyio.run(main, backend="trio")  # asyncio itself leaves its `run` in mid-air then
    assert isinstance(sole(caught.value), SystemExit)
    assert told.count("attempt_started") == 1
    assert told[-1] == "stream_ended"
    assert not stt._core_streams


def sole(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        [error] = error.exceptions
    return error


@pytest.mark.contract("S3", "S14")
@pytest.mark.parametrize("error", ENDS, ids=repr)
@pytest.mark.parametrize("grouped", [False, True])
async def test_what_an_engine_ends_the_program_with_leaves_the_block_as_itself(
    engine: Callable[..., Any], error: BaseException, *, grouped: bool
) -> None:
    async def run(stream: Any) -> None:
        await stream._input_ch.__anext__()
        raise BaseExceptionGroup("", [error, APIConnectionError("x")]) if grouped else error

    with anyio.fail_after(5), pytest.raises(type(error)) as caught:
        async with engine(run).stream() as stream:
            stream.push_frame(FRAME)
            await anyio.sleep_forever()
    assert caught.value is error


@pytest.mark.contract("S3", "S2")
@pytest.mark.parametrize("error", [APIConnectionError("lost"), ValueError("a bug")], ids=repr)
async def test_cleanup_that_fails_in_a_group_does_not_replace_a_timeout(
    engine: Callable[..., Any], error: Exception
) -> None:
    async def child() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise error

    async def run(stream: Any) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(child)
            await anyio.sleep_forever()

    with anyio.fail_after(5), anyio.move_on_after(0.05) as scope:
        async with engine(run).stream() as stream:
            stream.push_frame(FRAME)
            async for _ in stream:
                pass
    assert scope.cancelled_caught


@pytest.mark.contract("S18")
async def test_recognize_past_its_deadline_does_not_raise_what_its_cleanup_did(
    engine: Callable[..., Any],
) -> None:
    async def child() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise ValueError("closed twice")

    async def recognize(_: Any) -> Any:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(child)
            await anyio.sleep_forever()

    options = APIConnectOptions(max_retry=0, timeout=0.01)
    with anyio.fail_after(5), pytest.raises(APIConnectionError, match="did not recognise"):
        await engine(recognize=recognize).recognize(FRAME, conn_options=options)


@pytest.mark.contract("S14")
async def test_an_engine_that_reads_past_the_end_has_a_bug(engine: Callable[..., Any]) -> None:
    async def run(stream: Any) -> None:
        while True:
            await stream._input_ch.__anext__()

    with anyio.fail_after(5), pytest.raises(RuntimeError, match="raised StopAsyncIteration"):
        async with engine(run).stream() as stream:
            await stream.feed([FRAME])
            async for _ in stream:
                pass


@pytest.mark.contract("S1", "S2")
async def test_a_start_that_fails_undoes_itself() -> None:
    async with anyio.create_task_group() as over:
        pass
    stt = ScriptedSTT([Hang()])
    told: list[str] = []
    stt.on("stream_started", lambda: told.append("started"))
    stt.on("stream_ended", lambda: told.append("ended"))
    stream = stt.stream()
    with pytest.raises(RuntimeError):
        stream.start(over)
    assert told == ["started", "ended"]
    assert not stt._core_streams
    assert stream.statistics().state == "closed"
    with anyio.fail_after(1):
        await stt.aclose()


@pytest.mark.contract("S18")
async def test_an_engine_that_stops_reading_is_ended_by_idle_timeout_once_the_input_has() -> None:
    stt = ScriptedSTT([Hear(0.5), Hang()])
    options = APIConnectOptions(max_retry=0, idle_timeout=2.0)
    began = anyio.current_time()
    with pytest.raises(APIConnectionError, match="idle_timeout=2"):
        async with stt.stream(conn_options=options) as stream:
            stream.push_frame(FRAME)
            await anyio.wait_all_tasks_blocked()
            stream.push_frame(FRAME)
            stream.end_input()
            async for _ in stream:
                pass
    assert anyio.current_time() - began == pytest.approx(2.0, abs=0.2)
