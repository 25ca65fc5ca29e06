"""S19: whole scenarios, cancelled at every checkpoint in every way; S2 and S6 stay true."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from anyio import to_thread
from anyio.lowlevel import checkpoint

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    RecognizeStream,
    StreamClosedError,
)
from anyio_stt.testing import (
    Fail,
    Hear,
    HearAll,
    HearMarker,
    Repeat,
    Say,
    ScriptedSTT,
    Swallow,
    assert_no_leaks,
    cancel_everywhere,
    cut,
    final,
    interim,
    noise,
    usage,
)
from anyio_stt.testing.backends import cancelling, on_trio
from anyio_stt.testing.leaks import find_leaks, take_inventory

pytestmark = pytest.mark.any_clock

AUDIO = noise(0.5, seed=2)
PIECES = cut(AUDIO, 0.1)
SAMPLES = AUDIO.pcm
BROKEN = Fail(APIConnectionError("lost", retry_after=0))
OPTIONS = APIConnectOptions(max_pending_audio=0.2)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Thousands of runs would spend most of their time writing tracebacks to the log."""
    caplog.set_level(logging.CRITICAL, "anyio_stt")


class Scenario:
    """
    Something a user does with a stream, and the proof that it left everything whole.

    Args:
        scripts: what the engine does.
        act: what the user does in the stream's block.
        options: for the stream.
    """

    def __init__(
        self,
        scripts: list[list[Any]],
        act: Callable[[RecognizeStream], Awaitable[None]],
        options: APIConnectOptions = OPTIONS,
        **audio: Any,
    ) -> None:
        self.scripts, self.act, self.options, self.audio = scripts, act, options, audio

    async def run(self) -> None:
        self.before = take_inventory(["task"])
        self.stt = ScriptedSTT(*self.scripts, **self.audio)
        self.stream: RecognizeStream | None = None
        async with self.stt, self.stt.stream(conn_options=self.options) as self.stream:
            await self.act(self.stream)

    async def check(self) -> None:
        """Check S2 and S6: nothing is left, and every attempt heard a stretch of the audio."""
        leaks = await find_leaks(self.before, kinds=["task"], grace=0)
        assert not leaks, leaks
        for heard in self.stt.heard:
            assert heard.outcome != "running"
            # a stretch of the audio, without a gap and nothing twice
            assert heard.audio in SAMPLES, "an attempt heard what was not pushed"
        if self.stream is not None:
            self.check_ledger(self.stream)

    def check_ledger(self, stream: RecognizeStream) -> None:
        numbers = stream.statistics()
        assert numbers.state in ("closed", "created")
        assert numbers.pending == numbers.replay == 0
        assert numbers.recognised + numbers.silent + numbers.dropped == pytest.approx(
            numbers.pushed
        )


async def feed_and_read(stream: RecognizeStream) -> None:
    async with anyio.create_task_group() as tg:
        tg.start_soon(stream.feed, PIECES)
        async for _ in stream:
            pass


async def send_and_flush(stream: RecognizeStream) -> None:
    async with anyio.create_task_group() as tg:
        tg.start_soon(read, stream)
        for piece in PIECES:
            await stream.send_frame(piece)
            stream.flush()
        stream.end_input()


async def read(stream: RecognizeStream) -> None:
    async for _ in stream:
        pass


async def push_and_close(stream: RecognizeStream) -> None:
    async with anyio.create_task_group() as tg:
        tg.start_soon(read, stream)
        for piece in PIECES[:2]:
            stream.push_frame(piece)
        await checkpoint()
        await checkpoint()
        tg.start_soon(stream.aclose)
        await stream.aclose()


async def two_senders(stream: RecognizeStream) -> None:
    silent = [piece.slice(0, 0) for piece in PIECES]
    async with anyio.create_task_group() as tg:
        tg.start_soon(read, stream)
        async with anyio.create_task_group() as senders:
            senders.start_soon(send_all, stream, PIECES)
            senders.start_soon(send_all, stream, silent)
        stream.end_input()


async def send_all(stream: RecognizeStream, pieces: list[Any]) -> None:
    for piece in pieces:
        await stream.send_frame(piece)


TALKS = [Repeat([Hear(0.1), Say(interim("a")), HearMarker(), Say(final("b"))])]
SCENARIOS = {
    "one attempt": Scenario(
        [[HearAll(), Say(final("a", end=0.5)), Say(usage(0.5))]], feed_and_read
    ),
    "three attempts": Scenario(
        [
            [Hear(0.2), Say(interim("a")), Say(final("a", end=0.1)), BROKEN],
            [Hear(0.3), Say(interim("b")), BROKEN],
            [HearAll(), Say(final("c", end=0.4))],
        ],
        feed_and_read,
    ),
    "frames of one length": Scenario(
        [[Hear(0.2), Say(final("a", end=0.05)), BROKEN], [HearAll(), Say(final("b"))]],
        feed_and_read,
        frame_duration=0.03,
    ),
    "a failure": Scenario(
        [[Hear(0.2), Say(interim("a")), Fail(LookupError("bug"))]], feed_and_read
    ),
    "segments": Scenario([[Hear(0.05), *TALKS]], send_and_flush),
    "closing": Scenario([[Hear(0.1), Say(interim("a")), HearAll()]], push_and_close),
    "two senders": Scenario([[HearAll(), Say(final("a", end=0.5))]], two_senders),
    "an engine that is deaf for a while": Scenario([[Swallow(0.001), HearAll()]], feed_and_read),
}
EXPECTED = (LookupError, StreamClosedError)


async def forgiving(scenario: Scenario) -> None:
    """Run a scenario, whose own failures are none of the cancellation's."""
    try:
        await scenario.run()
    except EXPECTED:
        pass
    except BaseException as exc:
        if not _only(exc, EXPECTED):
            raise


def _only(exc: BaseException, kinds: tuple[type[Exception], ...]) -> bool:
    """Whether *exc* is a group of nothing but such errors: the scenario has groups of its own."""
    inner: tuple[BaseException, ...] = getattr(exc, "exceptions", ())
    return bool(inner) and all(isinstance(each, kinds) or _only(each, kinds) for each in inner)


@pytest.mark.contract("S19", "S2", "S6")
@pytest.mark.parametrize("tasks", ["own", "all"])
@pytest.mark.parametrize("name", SCENARIOS)
async def test_cancelled_at_every_checkpoint_nothing_is_left_and_the_journal_is_whole(
    name: str, tasks: Any
) -> None:
    scenario = SCENARIOS[name]
    report = await cancel_everywhere(lambda: forgiving(scenario), check=scenario.check, tasks=tasks)
    assert len(report.checkpoints) >= 3


@pytest.mark.contract("S19", "S18")
@pytest.mark.parametrize("tasks", ["own", "all"])
async def test_recognize_cancelled_at_every_checkpoint_leaves_nothing(tasks: Any) -> None:
    inventory: Any = None
    stt = ScriptedSTT(recognize=[[BROKEN], [Hear(0.1), Say(final("a"))]])

    async def scenario() -> None:
        nonlocal inventory
        inventory = take_inventory(["task"])
        await stt.recognize(PIECES)

    async def check() -> None:
        assert not await find_leaks(inventory, kinds=["task"], grace=0)
        assert not stt._core_recognitions
        assert {each.outcome for each in stt.heard} <= {"failed", "returned", "cancelled"}

    report = await cancel_everywhere(scenario, check=check, tasks=tasks)
    assert report.runs >= 2


@pytest.mark.contract("S19", "S2")
async def test_the_timeout_of_asyncio_at_every_moment_leaves_nothing() -> None:
    timeout: Any = getattr(asyncio, "timeout", None)
    if on_trio() or timeout is None:
        pytest.skip("asyncio.timeout came with Python 3.11")
    scenario = SCENARIOS["three attempts"]
    passes = 0
    for moment in range(60):
        passes += 1
        try:
            async with timeout(None) as limit:
                await _expire_after(limit, moment, forgiving(scenario))
                break
        except TimeoutError:
            pass
        finally:
            await scenario.check()
            assert cancelling() == 0
            await checkpoint()
    assert passes > 5


async def _expire_after(limit: Any, steps: int, scenario: Awaitable[None]) -> None:
    """Run *scenario*; let the timeout around us expire after so many passes of the loop."""
    loop = asyncio.get_running_loop()

    ended = False

    def tick(left: int) -> None:
        if left and not ended:
            loop.call_soon(tick, left - 1)
        elif not ended:
            limit.reschedule(loop.time())

    tick(steps)
    try:
        await scenario
    finally:
        ended = True


@pytest.mark.contract("S19", "S6")
@pytest.mark.parametrize("seed", range(20))
async def test_audio_goes_on_where_a_cancelled_sender_stopped(seed: int) -> None:
    # whoever knows what it has sent can go on: nothing is half taken
    stt = ScriptedSTT()
    with anyio.fail_after(5):
        options = APIConnectOptions(max_pending_audio=0.02)
        async with stt.stream(conn_options=options) as stream, anyio.create_task_group() as tg:
            tg.start_soon(read, stream)
            for piece in cut(AUDIO, 0.01):
                for patience in range(100):
                    before = stream.statistics().pushed
                    with anyio.CancelScope() as scope:
                        tg.start_soon(_cancel_after, scope, (seed + patience) % 5)
                        await stream.send_frame(piece)
                    if stream.statistics().pushed > before:
                        break
                    assert scope.cancelled_caught
            stream.end_input()
    assert stt.heard[0].audio == SAMPLES


async def _cancel_after(scope: anyio.CancelScope, steps: int) -> None:
    for _ in range(steps):
        await checkpoint()
    scope.cancel()


@pytest.mark.contract("S19", "S2")
async def test_a_stream_abandoned_in_a_crowd_leaves_the_others_whole() -> None:
    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with assert_no_leaks(), anyio.create_task_group() as tg:
            for number in range(20):
                tg.start_soon(_use, stt, number % 3 == 0)
    whole = [heard for heard in stt.heard if heard.outcome == "returned"]
    assert len(whole) == 13
    assert all(heard.audio == SAMPLES for heard in whole)


async def _use(stt: ScriptedSTT, abandon: bool) -> None:
    with anyio.CancelScope() as scope:
        async with stt.stream(conn_options=OPTIONS) as stream:
            if abandon:
                scope.cancel()
            await feed_and_read(stream)


@pytest.mark.real_time
@pytest.mark.contract("S19", "S2", "S4")
async def test_an_engine_in_a_thread_is_waited_for_and_leaves_nothing(
    engine: Callable[..., Any],
) -> None:
    async def run(stream: Any) -> None:
        async for _ in stream._input_ch:
            await to_thread.run_sync(time.sleep, 0.01)

    with anyio.fail_after(5):
        async with assert_no_leaks():
            for moment in (0.002, 0.005, 0.02):
                stream = engine(run).stream()
                with anyio.move_on_after(moment):
                    async with stream:
                        await stream.feed(PIECES)
                        await read(stream)
                assert stream.statistics().state == "closed"
