"""S1, S2, S3: a stream runs inside a block, and nothing of it outlives the block."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from anyio_stt import (
    DEFAULT_API_CONNECT_OPTIONS,
    STT,
    APIConnectionError,
    APIConnectOptions,
    RecognizeStream,
    StreamClosedError,
)
from anyio_stt.testing import (
    Fail,
    Hang,
    Hear,
    HearAll,
    Say,
    ScriptedSTT,
    assert_no_leaks,
    final,
    interim,
    silence,
)
from anyio_stt.testing.backends import cancelling, on_trio

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup, ExceptionGroup

pytestmark = pytest.mark.any_clock

FRAME = silence(0.1)
ASYNCIO_TIMEOUT: Any = getattr(asyncio, "timeout", None)  # Python 3.11 and later
ONCE = APIConnectOptions(max_retry=0)


class MindError(Exception):
    """What a user raises."""


class BugError(Exception):
    """What a wrong engine raises."""


# ---- S1


@pytest.mark.contract("S1")
async def test_the_block_gives_the_stream_a_task_group_of_its_own() -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks(), ScriptedSTT().stream() as stream:
            stream.push_frame(FRAME)
            stream.end_input()
            events = [event async for event in stream]
    assert [event.type.name for event in events] == [
        "START_OF_SPEECH",
        "FINAL_TRANSCRIPT",
        "END_OF_SPEECH",
    ]


@pytest.mark.contract("S1")
async def test_start_runs_the_stream_in_the_callers_task_group() -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks(), anyio.create_task_group() as tg:
            stream = ScriptedSTT().stream().start(tg)
            await stream.feed([FRAME])
            assert len([event async for event in stream]) == 3
            await stream.aclose()


@pytest.mark.contract("S1")
async def test_a_failure_is_never_raised_into_the_callers_task_group() -> None:
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tg:
            stream = ScriptedSTT([Fail(BugError())]).stream().start(tg)
            await anyio.wait_all_tasks_blocked()
            assert stream.statistics().state == "failed"
            assert not tg.cancel_scope.cancel_called


@pytest.mark.contract("S1")
async def test_cancelling_the_callers_task_group_ends_the_stream() -> None:
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tg:
            stream = ScriptedSTT([Hang()]).stream().start(tg)
            await checkpoint()
            tg.cancel_scope.cancel()
        assert stream.statistics().state == "closed"


@pytest.mark.contract("S1")
async def test_nothing_starts_in_a_constructor() -> None:
    seen: list[str] = []

    class Late(RecognizeStream):
        def __init__(self, stt: STT) -> None:
            super().__init__(stt=stt, conn_options=DEFAULT_API_CONNECT_OPTIONS)
            seen.append("constructed")
            self.opts = "set after the base constructor"

        async def _run(self) -> None:
            seen.append(self.opts)

    with anyio.fail_after(5):
        stream = Late(ScriptedSTT())
        await checkpoint()
        assert seen == ["constructed"]
        async with stream:
            await anyio.wait_all_tasks_blocked()
    assert seen == ["constructed", "set after the base constructor"]


@pytest.mark.contract("S1")
def test_a_stream_is_made_outside_any_event_loop() -> None:
    stream = ScriptedSTT().stream()
    assert stream.statistics().state == "created"


@pytest.mark.contract("S1")
@pytest.mark.parametrize(
    "use",
    [
        lambda stream: stream.push_frame(FRAME),
        lambda stream: stream.flush(),
        lambda stream: stream.end_input(),
        lambda stream: stream.send_frame(FRAME),
        lambda stream: stream.__anext__(),
    ],
    ids=["push_frame", "flush", "end_input", "send_frame", "anext"],
)
async def test_using_a_stream_before_its_start_or_after_its_end_says_what_to_write(
    use: Callable[[Any], Awaitable[object] | None],
) -> None:
    async def try_to_use(stream: RecognizeStream) -> None:
        outcome = use(stream)
        if outcome is not None:
            await outcome

    with anyio.fail_after(5):
        stream = ScriptedSTT().stream()
        with pytest.raises(StreamClosedError, match=r"async with stt\.stream\(\) as stream"):
            await try_to_use(stream)
        async with stream:
            pass
        with pytest.raises(StreamClosedError, match=r"async with stt\.stream\(\) as stream"):
            await try_to_use(stream)


@pytest.mark.contract("S1")
async def test_feeding_before_the_start_is_refused_and_after_the_end_it_ends_quietly() -> None:
    with anyio.fail_after(5):
        stream = ScriptedSTT().stream()
        with pytest.raises(StreamClosedError, match="has not been started"):
            await stream.feed([FRAME])
        async with stream:
            pass
        await stream.feed([FRAME])  # who iterates is told why the stream ended


@pytest.mark.contract("S1")
async def test_a_stream_starts_once() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT([Hang()]).stream() as stream, anyio.create_task_group() as tg:
            with pytest.raises(StreamClosedError, match=r"make another one with `stt.stream\(\)`"):
                stream.start(tg)
            with pytest.raises(StreamClosedError, match="running already"):
                await stream.__aenter__()
            stream.push_frame(FRAME)  # it did not suffer
        with pytest.raises(StreamClosedError):
            await stream.__aenter__()


@pytest.mark.contract("S1", "S5")
async def test_a_stream_of_a_closed_stt_does_not_start() -> None:
    with anyio.fail_after(5):
        stt = ScriptedSTT()
        stream = stt.stream()
        await stt.aclose()
        with pytest.raises(StreamClosedError, match="async with stt"):
            await stream.__aenter__()
        async with anyio.create_task_group() as tg:
            with pytest.raises(StreamClosedError, match="async with stt"):
                stt.stream().start(tg)


@pytest.mark.contract("S1")
async def test_a_stream_closed_before_its_start_stays_closed() -> None:
    with anyio.fail_after(5):
        stream = ScriptedSTT().stream()
        await stream.aclose()
        await stream.aclose()
        with pytest.raises(StreamClosedError):
            await stream.__aenter__()


# ---- S2


async def leave_at_the_end(stream: RecognizeStream) -> None:
    await checkpoint()


async def leave_by_exception(stream: RecognizeStream) -> None:
    await checkpoint()
    raise MindError


async def leave_by_scope(stream: RecognizeStream) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await anyio.sleep_forever()


async def leave_reading(stream: RecognizeStream) -> None:
    with anyio.move_on_after(0.01):
        async for _ in stream:
            pass


ENGINES = {
    "hangs": [Hang()],
    "reads": [HearAll()],
    "spoke": [Hear(0.1), Say(interim("a")), HearAll(), Say(final("b"))],
    "failed": [Fail(APIConnectionError("lost"))],
}


@pytest.mark.contract("S2")
@pytest.mark.parametrize("script", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize(
    "leave", [leave_at_the_end, leave_by_exception, leave_by_scope, leave_reading]
)
async def test_leaving_the_block_by_any_road_leaves_nothing(
    script: list[Any], leave: Callable[[RecognizeStream], Awaitable[None]]
) -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks():
            try:
                async with ScriptedSTT(script).stream() as stream:
                    stream.push_frame(FRAME)
                    await leave(stream)
            except (MindError, APIConnectionError):
                pass
        assert cancelling() == 0
        await checkpoint()  # a cancellation left behind would strike here
        assert stream.statistics().state == "closed"


@pytest.mark.contract("S2")
async def test_a_cancelled_scope_around_the_block_leaves_nothing() -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks():
            with anyio.CancelScope() as scope:
                async with ScriptedSTT([Hang()]).stream() as stream:
                    scope.cancel()
                    await anyio.sleep_forever()
            assert scope.cancelled_caught
        assert cancelling() == 0
        assert stream.statistics().state == "closed"


@pytest.mark.contract("S2")
async def test_a_failing_sibling_leaves_nothing() -> None:
    async def fail() -> None:
        raise MindError

    with anyio.fail_after(5):
        async with assert_no_leaks():
            with pytest.raises(BaseExceptionGroup) as caught:
                async with anyio.create_task_group() as tg, ScriptedSTT([Hang()]).stream():
                    tg.start_soon(fail)
                    await anyio.sleep_forever()
            assert [type(each) for each in caught.value.exceptions] == [MindError]
        assert cancelling() == 0


@pytest.mark.contract("S2")
async def test_a_deadline_around_the_block_leaves_nothing() -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks():
            with pytest.raises(TimeoutError), anyio.fail_after(0.01):
                async with ScriptedSTT([Hang()]).stream() as stream:
                    await stream.__anext__()
        assert cancelling() == 0


@pytest.mark.contract("S2")
async def test_native_cancellation_of_asyncio_leaves_nothing() -> None:
    if on_trio():
        pytest.skip("trio has no other way than scopes")
    entered = asyncio.Event()

    async def use() -> None:
        async with ScriptedSTT([Hang()]).stream():
            entered.set()
            await asyncio.sleep(60)

    with anyio.fail_after(5):
        async with assert_no_leaks():
            task = asyncio.ensure_future(use())
            await entered.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert task.cancelled()


@pytest.mark.contract("S2")
async def test_a_native_cancellation_that_is_taken_back_leaves_no_count() -> None:
    if on_trio() or ASYNCIO_TIMEOUT is None:
        pytest.skip("only asyncio counts cancellations, from Python 3.11 on")
    counts: list[int] = []

    async def use() -> None:
        task: Any = asyncio.current_task()
        try:
            async with ScriptedSTT([Hang()]).stream():
                task.cancel()
                await asyncio.sleep(60)
        except asyncio.CancelledError:
            counts.append(task.uncancel())
        await asyncio.sleep(0)  # works on
        counts.append(task.cancelling())

    with anyio.fail_after(5):
        await asyncio.ensure_future(use())
    assert counts == [0, 0]


@pytest.mark.contract("S2")
async def test_the_timeout_of_asyncio_leaves_nothing() -> None:
    if on_trio() or ASYNCIO_TIMEOUT is None:
        pytest.skip("asyncio.timeout came with Python 3.11")
    with anyio.fail_after(5):
        async with assert_no_leaks():
            with pytest.raises(TimeoutError):
                async with ASYNCIO_TIMEOUT(0.01), ScriptedSTT([Hang()]).stream() as stream:
                    await stream.__anext__()
        assert cancelling() == 0
        await checkpoint()


@pytest.mark.contract("S2")
async def test_a_block_cancelled_while_it_is_entered_leaves_nothing() -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks():
            with anyio.CancelScope() as scope:
                scope.cancel()
                async with ScriptedSTT([Hang()]).stream():
                    pytest.fail("entering is a checkpoint")
        assert cancelling() == 0


@pytest.mark.contract("S2")
async def test_many_streams_in_one_block_leave_nothing() -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks(), ScriptedSTT() as stt, anyio.create_task_group() as tg:
            streams = [stt.stream().start(tg) for _ in range(50)]
            for stream in streams:
                tg.start_soon(stream.feed, [FRAME] * 5)
                tg.start_soon(read, stream)


async def read(stream: RecognizeStream) -> None:
    async for _ in stream:
        pass


# ---- S3


@pytest.mark.contract("S3")
@pytest.mark.parametrize("script", ENGINES.values(), ids=ENGINES)
async def test_the_users_exception_leaves_the_block_as_itself(script: list[Any]) -> None:
    mine = MindError("mine")
    with anyio.fail_after(5):
        with pytest.raises(MindError) as caught:
            async with ScriptedSTT(script).stream(conn_options=ONCE):
                await anyio.wait_all_tasks_blocked()
                raise mine
    assert caught.value is mine
    assert mine.__cause__ is None


@pytest.mark.contract("S3")
async def test_the_engines_exception_leaves_the_block_as_itself() -> None:
    bug = BugError("the engine's")
    with anyio.fail_after(5):
        with pytest.raises(BugError) as caught:
            async with ScriptedSTT([Fail(bug)]).stream() as stream:
                async for _ in stream:
                    pass
    assert caught.value is bug


@pytest.mark.contract("S3")
async def test_an_exception_group_of_the_user_is_not_touched() -> None:
    group = BaseExceptionGroup("the user's own", [MindError(), MindError()])
    with anyio.fail_after(5):
        with pytest.raises(BaseExceptionGroup) as caught:
            async with ScriptedSTT([Hang()]).stream():
                raise group
    assert caught.value is group


@pytest.mark.contract("S3")
async def test_a_generator_that_is_closed_in_the_block_closes_the_stream() -> None:
    stream = ScriptedSTT([Hang()]).stream()

    async def events() -> AsyncIterator[object]:
        async with stream:
            yield "inside"
            async for event in stream:
                yield event

    with anyio.fail_after(5):
        async with assert_no_leaks():
            generator = events()
            assert await generator.__anext__() == "inside"
            await generator.aclose()  # type: ignore[attr-defined]
    assert stream.statistics().state == "closed"


@pytest.mark.contract("S2")
async def test_a_task_that_ctrl_c_ends_before_it_has_begun_is_not_waited_for() -> None:
    """It can come between any two lines, and the task has had no chance to say that it is over."""

    class Interrupt(Exception):  # stands for it, so that the tests go on
        pass

    class Interrupted(RecognizeStream):
        async def _run(self) -> None: ...

        async def _core_live(self) -> None:
            raise Interrupt

    with anyio.fail_after(5), pytest.raises(ExceptionGroup) as caught:
        stt = ScriptedSTT()
        async with Interrupted(stt=stt, conn_options=APIConnectOptions()) as stream:
            await stream.receive()
    assert isinstance(caught.value.exceptions[0], Interrupt)


@pytest.mark.contract("S2")
async def test_ctrl_c_before_there_is_a_task_leaves_nothing_to_wait_for() -> None:
    class Interrupt(BaseException):  # stands for it, so that the tests go on
        pass

    class Interrupted(RecognizeStream):
        def _core_make_delivery(self) -> Any:
            raise Interrupt

        async def _run(self) -> None: ...

    with anyio.fail_after(5), pytest.raises(Interrupt):
        async with Interrupted(stt=ScriptedSTT(), conn_options=APIConnectOptions()):
            pytest.fail("it never began")
