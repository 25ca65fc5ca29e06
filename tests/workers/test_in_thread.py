"""Streams that threads of this process recognise, with one recogniser for them all."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from anyio_stt import APIConnectOptions, APIError, AudioFrame, SpeechEventType
from anyio_stt.testing import assert_no_leaks, silence
from anyio_stt.workers.stt import LocalSTT, workers_or_cores
from tests.workers.engines import FakeSTT, IsolatedSTT, loud
from tests.workers.fake import FakeLoaded, load

pytestmark = pytest.mark.real_time


async def finals(stt: LocalSTT, *frames: AudioFrame) -> list[str]:
    async with stt.stream() as stream:
        for frame in frames:
            stream.push_frame(frame)
        stream.end_input()
        return [
            event.alternatives[0].text
            async for event in stream
            if event.type is SpeechEventType.FINAL_TRANSCRIPT
        ]


@pytest.mark.parametrize("make", [lambda: FakeSTT(FakeLoaded), IsolatedSTT])
async def test_a_thread_and_a_process_hear_the_same(make: Callable[[], FakeSTT]) -> None:
    with anyio.fail_after(20):
        async with make() as stt:
            heard = await finals(stt, silence(1.0), loud(1.5), silence(1.0), loud(3.0))
            event = await stt.recognize([silence(0.5), loud(1.2), silence(0.8)])

    assert len(heard) == 2
    assert [int(text.split()[1]) for text in heard] == pytest.approx([15, 30], abs=1)
    assert event.alternatives[0].text.startswith("heard 12")
    assert event.alternatives[0].language == "xx"
    assert event.alternatives[0].confidence == 0


async def test_one_recogniser_is_loaded_for_all_streams() -> None:
    loads: list[FakeLoaded] = []

    def load_one() -> FakeLoaded:
        loads.append(FakeLoaded())
        return loads[-1]

    with anyio.fail_after(20):
        async with FakeSTT(load_one) as stt, anyio.create_task_group() as tg:
            for _ in range(5):
                tg.start_soon(finals, stt, loud(1.0))
    assert len(loads) == 1


async def test_no_more_threads_compute_than_were_allowed() -> None:
    running, most, lock = 0, 0, threading.Lock()

    class Counting(FakeLoaded):
        def session(self, say: Any, busy: Any, *, interims: bool) -> Any:
            session = super().session(say, busy, interims=interims)
            hear = session.hear

            def counted(audio: bytes) -> None:
                nonlocal running, most
                with lock:
                    running += 1
                    most = max(most, running)
                hear(audio)
                with lock:
                    running -= 1

            session.hear = counted  # type: ignore[method-assign]
            return session

    with anyio.fail_after(20):
        async with FakeSTT(Counting, threads=2) as stt, anyio.create_task_group() as tg:
            for _ in range(6):
                tg.start_soon(finals, stt, loud(2.0))
    assert 1 <= most <= 2


async def test_guesses_are_left_out_while_a_stream_lags() -> None:
    loaded = FakeLoaded()
    with anyio.fail_after(20):
        async with FakeSTT(lambda: loaded) as stt:
            assert await finals(stt, loud(50.0)) != []
    assert loaded.shed > 10 * loaded.guesses


async def test_a_recogniser_that_cannot_be_loaded_is_not_tried_again() -> None:
    attempts: list[int] = []

    def fail() -> FakeLoaded:
        attempts.append(1)
        return load(fail="no such weights")

    async with FakeSTT(fail) as stt:
        with anyio.fail_after(20), pytest.raises(APIError, match="fake failed: no such weights"):
            await finals(stt, loud(1.0))
    assert len(attempts) == 1


async def test_leaving_the_block_while_a_thread_computes_leaves_none() -> None:
    loaded = FakeLoaded(seconds=0.3)
    stt = FakeSTT(lambda: loaded)
    once = APIConnectOptions(max_retry=0)
    with anyio.fail_after(20):
        async with assert_no_leaks(), stt, stt.stream(conn_options=once) as stream:
            stream.push_frame(loud(2.0))
            stream.flush()
            await anext(stream)
            while not loaded.recognising.is_set():
                await anyio.sleep(0.001)
            began = anyio.current_time()
    assert anyio.current_time() - began > 0.1  # it waited for the thread


async def test_how_busy_the_threads_are_can_be_asked() -> None:
    async with FakeSTT(FakeLoaded, threads=3) as stt:
        await finals(stt, loud(0.5))
        statistics = stt.statistics()
    assert (statistics.max_workers, statistics.busy, statistics.started) == (3, 0, 1)


def test_so_many_workers_as_cores_unless_told() -> None:
    assert workers_or_cores("max_threads", None) >= 1
    with pytest.raises(ValueError, match="max_threads must be 1 or more, got 0"):
        workers_or_cores("max_threads", 0)


async def test_a_closed_engine_lets_go_of_its_recogniser_at_once() -> None:
    made: list[weakref.ref[FakeLoaded]] = []

    def load_one() -> FakeLoaded:
        loaded = FakeLoaded()
        made.append(weakref.ref(loaded))
        return loaded

    gc.disable()  # hundreds of megabytes are not to wait for it
    try:
        async with FakeSTT(load_one) as stt:
            await finals(stt, loud(1.0))
        assert made[0]() is None
    finally:
        gc.enable()
