"""S18: no attempt waits for ever, and its error says which deadline, how long, what to change."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    APITimeoutError,
    RecognizeStream,
    SpeechEvent,
)
from anyio_stt.testing import (
    Delay,
    Hang,
    Hear,
    HearAll,
    Say,
    ScriptedSTT,
    Swallow,
    assert_no_leaks,
    final,
    interim,
    silence,
)

FRAME = silence(0.1)


def once(**options: Any) -> APIConnectOptions:
    return APIConnectOptions(max_retry=0, **options)


async def read(stream: RecognizeStream) -> list[str]:
    return [event.alternatives[0].text async for event in stream if event.alternatives]


async def push_in_real_time(stream: RecognizeStream, seconds: float) -> None:
    for _ in range(round(seconds / 0.1)):
        stream.push_frame(FRAME)
        await anyio.sleep(0.1)


# ---- timeout


@pytest.mark.contract("S18")
async def test_an_engine_that_never_connects_is_ended_by_timeout() -> None:
    began = anyio.current_time()
    with pytest.raises(APITimeoutError) as caught:
        async with ScriptedSTT([Hang()], label="slow").stream(conn_options=once(timeout=3)) as s:
            await read(s)
    assert anyio.current_time() - began == pytest.approx(3)
    assert str(caught.value) == (
        "slow did not ask for audio or send an event within 3 s of its start (timeout=3); "
        "change APIConnectOptions.timeout to give it more time"
    )
    assert caught.value.retryable


@pytest.mark.real_time
@pytest.mark.contract("S18")
async def test_it_is_so_on_the_real_clock_too() -> None:
    with anyio.fail_after(5):
        async with assert_no_leaks():
            with pytest.raises(APITimeoutError, match=r"timeout=0\.02"):
                async with ScriptedSTT([Hang()]).stream(conn_options=once(timeout=0.02)) as stream:
                    await read(stream)


@pytest.mark.contract("S18")
@pytest.mark.parametrize("step", [Hear(0.1), Say(interim("a"))], ids=["asks", "speaks"])
async def test_asking_for_audio_or_speaking_means_connected(step: Any) -> None:
    steps = [Delay(2.9), step, Delay(60), HearAll(), Say(final("a"))]
    async with ScriptedSTT(steps).stream(conn_options=once(timeout=3)) as stream:
        stream.push_frame(FRAME)
        stream.end_input()
        assert "a" in await read(stream)


@pytest.mark.contract("S18")
async def test_a_sign_of_life_means_connected(engine: Callable[..., Any]) -> None:
    async def run(stream: Any) -> None:
        await anyio.sleep(0.5)
        stream._report_alive()
        await anyio.sleep(60)
        async for _ in stream._input_ch:
            pass

    async with engine(run).stream(conn_options=once(timeout=1)) as stream:
        stream.end_input()
        assert await read(stream) == []


@pytest.mark.contract("S18", "S15")
async def test_every_attempt_has_the_whole_timeout_and_a_missed_one_is_retried() -> None:
    stt = ScriptedSTT([Hang()], [Hang()], [HearAll(), Say(final("a"))])
    options = APIConnectOptions(timeout=2, retry_interval=0.0)
    began = anyio.current_time()
    async with stt.stream(conn_options=options) as stream:
        stream.push_frame(FRAME)
        stream.end_input()
        assert await read(stream) == ["a"]
    assert anyio.current_time() - began == pytest.approx(4)


@pytest.mark.contract("S18")
async def test_without_a_bound_an_engine_may_take_for_ever_to_connect() -> None:
    options = once(timeout=math.inf)
    async with ScriptedSTT([Delay(1e6), HearAll(), Say(final("a"))]).stream(
        conn_options=options
    ) as stream:
        stream.end_input()
        assert await read(stream) == ["a"]


@pytest.mark.contract("S18")
async def test_what_the_cleanup_of_a_late_engine_raises_matters_less(
    engine: Callable[..., Any],
) -> None:
    async def run(stream: Any) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise APIConnectionError("closing a socket that is not there")

    with pytest.raises(APITimeoutError, match="timeout=1"):
        async with engine(run).stream(conn_options=once(timeout=1)) as stream:
            await read(stream)


@pytest.mark.contract("S18")
@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"timeout": 1}, r"\(timeout=1\)"),
        ({"drain_timeout": 1}, r"drain_timeout=1"),
        ({"idle_timeout": 1}, r"idle_timeout=1"),
    ],
    ids=["timeout", "drain_timeout", "idle_timeout"],
)
async def test_an_engine_that_speaks_as_it_is_ended_was_late_all_the_same(
    engine: Callable[..., Any], options: dict[str, float], match: str
) -> None:
    async def run(stream: Any) -> None:
        try:
            if "timeout" not in options:
                async for _ in stream._input_ch:
                    pass
            await anyio.sleep_forever()
        finally:
            stream._event_ch.send_nowait(interim("a last word"))
            stream._report_alive()

    with pytest.raises(APITimeoutError, match=match):
        async with engine(run).stream(conn_options=once(**options)) as stream:
            await push_in_real_time(stream, 1.5)
            if "drain_timeout" in options:
                stream.end_input()
            await read(stream)


# ---- drain_timeout


@pytest.mark.contract("S18", "S5")
async def test_an_engine_that_never_ends_after_the_end_of_input_is_ended_by_drain_timeout() -> None:
    options = once(drain_timeout=4)
    stt = ScriptedSTT([HearAll(), Delay(1), Say(final("a")), Hang()], label="slow")
    async with stt.stream(conn_options=options) as stream:
        await push_in_real_time(stream, 20)
        stream.end_input()
        began = anyio.current_time()
        assert (await stream.__anext__()).type.name == "START_OF_SPEECH"
        with pytest.raises(APITimeoutError) as caught:
            await read(stream)
        assert anyio.current_time() - began == pytest.approx(4)
    assert str(caught.value) == (
        "slow did not finish within 4 s of the end of the input (drain_timeout=4); "
        "change APIConnectOptions.drain_timeout to give it more time"
    )


@pytest.mark.contract("S18")
async def test_draining_counts_from_when_the_engine_read_the_end() -> None:
    stt = ScriptedSTT([Hear(0.1), Delay(60), HearAll(), Delay(3.9), Say(final("a"))])
    async with stt.stream(conn_options=once(drain_timeout=4)) as stream:
        stream.push_frame(FRAME)
        stream.end_input()
        assert await read(stream) == ["a"]


@pytest.mark.contract("S18")
async def test_by_default_draining_may_take_long() -> None:
    stt = ScriptedSTT([HearAll(), Delay(3600), Say(final("a"))])
    async with stt.stream() as stream:
        stream.push_frame(FRAME)
        stream.end_input()
        assert await read(stream) == ["a"]


# ---- idle_timeout


@pytest.mark.contract("S18")
async def test_an_engine_that_reads_and_never_answers_is_ended_by_idle_timeout() -> None:
    stt = ScriptedSTT([HearAll(), Hang()], label="mute")
    with pytest.raises(APITimeoutError) as caught:
        async with stt.stream(conn_options=once(idle_timeout=5)) as stream:
            began = anyio.current_time()
            async with anyio.create_task_group() as tg:
                tg.start_soon(push_in_real_time, stream, 4.95)
                tg.start_soon(push_later, stream)
                try:
                    await read(stream)
                except APITimeoutError as exc:
                    error = exc
                    took = anyio.current_time() - began
                    tg.cancel_scope.cancel()
            raise error
    assert took == pytest.approx(5, abs=0.2)
    assert str(caught.value) == (
        "mute said nothing for 5 s while audio was pushed or waited (idle_timeout=5); "
        "change APIConnectOptions.idle_timeout to give it more time"
    )


async def push_later(stream: RecognizeStream) -> None:
    await anyio.sleep(4.97)
    stream.push_frame(FRAME)
    stream.push_frame(FRAME)
    await anyio.sleep(100)


@pytest.mark.contract("S18")
async def test_without_audio_silence_is_no_fault() -> None:
    stt = ScriptedSTT([HearAll(), Say(final("a"))])
    async with stt.stream(conn_options=once(idle_timeout=5)) as stream:
        await push_in_real_time(stream, 4)
        await anyio.sleep(3600)
        stream.end_input()
        assert await read(stream) == ["a"]


@pytest.mark.contract("S18")
async def test_every_word_and_every_sign_of_life_restarts_the_idle_deadline(
    engine: Callable[..., Any],
) -> None:
    async def run(stream: Any) -> None:
        number = 0
        async for _ in stream._input_ch:
            number += 1
            if number % 90 == 0:
                stream._report_alive()
            elif number % 45 == 0:
                stream._event_ch.send_nowait(interim("a"))

    async with engine(run).stream(conn_options=once(idle_timeout=5)) as stream:
        await push_in_real_time(stream, 60)
        stream.end_input()
        await read(stream)


@pytest.mark.contract("S18", "S15")
async def test_idleness_is_retried_and_nothing_is_lost() -> None:
    stt = ScriptedSTT([Hear(3600)], [HearAll(), Say(final("a"))])
    options = APIConnectOptions(idle_timeout=2, retry_interval=0)
    async with stt.stream(conn_options=options) as stream:
        await push_in_real_time(stream, 3)
        stream.end_input()
        assert await read(stream) == ["a"]
    assert stt.heard[1].seconds == pytest.approx(3)


# ---- engines that swallow cancellation


@pytest.mark.contract("S18", "S4")
@pytest.mark.parametrize("deadline", ["timeout", "drain_timeout", "idle_timeout"])
async def test_the_consumer_of_an_engine_that_swallows_cancellation_is_told_in_time(
    deadline: str, caplog: pytest.LogCaptureFixture
) -> None:
    steps: list[Any] = [Swallow(100)] if deadline == "timeout" else [Hear(1e6), Swallow(100)]
    if deadline == "idle_timeout":
        steps = [Hear(1.0), Swallow(100)]
    stt = ScriptedSTT(steps, label="stubborn")
    chosen: dict[str, Any] = {deadline: 2}
    options = APIConnectOptions(close_timeout=0.5, **chosen)
    async with stt.stream(conn_options=options) as stream:
        for _ in range(25):
            stream.push_frame(FRAME)
        if deadline == "drain_timeout":
            stream.end_input()
        began = anyio.current_time()
        with (
            caplog.at_level(logging.ERROR, "anyio_stt"),
            pytest.raises(APITimeoutError, match=f"stubborn .*{deadline}=2"),
        ):
            await read(stream)
        assert anyio.current_time() - began == pytest.approx(2.5)
        assert "stubborn ignores that it was cancelled" in caplog.text
        assert stream.statistics().state == "failed"
        assert len(stt.heard) == 1  # two attempts of one engine at once would be worse
    assert anyio.current_time() - began >= 100  # a block cannot abandon a task


# ---- recognize


@pytest.mark.contract("S18")
async def test_recognize_has_timeout_plus_the_audios_own_duration(
    engine: Callable[..., Any],
) -> None:
    async def hang(buffer: object) -> SpeechEvent:
        await anyio.sleep_forever()
        raise AssertionError

    began = anyio.current_time()
    with pytest.raises(APITimeoutError) as caught:
        await engine(recognize=hang).recognize([FRAME] * 25, conn_options=once(timeout=3))
    assert anyio.current_time() - began == pytest.approx(5.5)
    assert str(caught.value).endswith(
        "FunctionSTT did not recognise 2.500 s of audio within 5.500 s (timeout=3 plus the "
        "audio's duration); change APIConnectOptions.timeout to give it more time"
    )
    assert caught.value.retryable


@pytest.mark.real_time
@pytest.mark.contract("S18")
async def test_recognize_has_its_deadline_on_the_real_clock_too(
    engine: Callable[..., Any],
) -> None:
    async def hang(buffer: object) -> SpeechEvent:
        await anyio.sleep_forever()
        raise AssertionError

    with anyio.fail_after(5), pytest.raises(APITimeoutError):
        await engine(recognize=hang).recognize(FRAME.slice(0, 160), conn_options=once(timeout=0.02))


@pytest.mark.contract("S18")
async def test_what_the_cleanup_of_a_late_recognize_raises_matters_less(
    engine: Callable[..., Any],
) -> None:
    async def hang(buffer: object) -> SpeechEvent:
        try:
            await anyio.sleep_forever()
        finally:
            raise OSError("closing a socket that is not there")
        raise AssertionError

    with pytest.raises(APITimeoutError, match="timeout=3"):
        await engine(recognize=hang).recognize([FRAME], conn_options=once(timeout=3))
