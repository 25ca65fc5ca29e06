"""S11 to S14: what an engine says reaches the consumer, in order, whole, without holding it up."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    RecognizeStream,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
)
from anyio_stt.testing import (
    Fail,
    Hang,
    Hear,
    HearAll,
    HearMarker,
    Say,
    ScriptedSTT,
    end_of_speech,
    final,
    interim,
    preflight,
    silence,
    start_of_speech,
    usage,
)

try:
    ExceptionGroup  # noqa: B018 - a builtin from Python 3.11 on
except NameError:
    from exceptiongroup import ExceptionGroup

pytestmark = pytest.mark.any_clock

FRAME = silence(0.1)
ONCE = APIConnectOptions(max_retry=0)
AT_ONCE = APIConnectionError("lost", retry_after=0)
LETTERS = {
    SpeechEventType.START_OF_SPEECH: "S",
    SpeechEventType.INTERIM_TRANSCRIPT: "i",
    SpeechEventType.PREFLIGHT_TRANSCRIPT: "p",
    SpeechEventType.FINAL_TRANSCRIPT: "F",
    SpeechEventType.END_OF_SPEECH: "E",
    SpeechEventType.RECOGNITION_USAGE: "u",
}


def spelt(events: list[SpeechEvent]) -> str:
    return "".join(LETTERS[event.type] for event in events)


async def hear(*scripts: list[Any], pushes: int = 4) -> list[SpeechEvent]:
    """Push marked segments and read as they come; return all events."""
    events: list[SpeechEvent] = []

    async def read(stream: RecognizeStream) -> None:
        async for event in stream:
            events.append(event)  # noqa: PERF401 - what came counts if it fails

    with anyio.fail_after(5):
        async with ScriptedSTT(*scripts).stream() as stream, anyio.create_task_group() as tg:
            tg.start_soon(read, stream)
            for _ in range(pushes):
                stream.push_frame(FRAME)
                stream.flush()
                await anyio.wait_all_tasks_blocked()
            stream.end_input()
    return events


# ---- S11


@pytest.mark.contract("S11")
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param([start_of_speech(), final("a"), end_of_speech()], "SFE", id="complete"),
        pytest.param([final("a"), end_of_speech()], "SFE", id="no start"),
        pytest.param([start_of_speech(), final("a")], "SFE", id="no end"),
        pytest.param([final("a"), final("b")], "SFFE", id="only finals"),
        pytest.param([preflight("a"), final("b")], "SFE", id="preflight"),
        pytest.param([end_of_speech()], "", id="only an end"),
        pytest.param([start_of_speech(), start_of_speech()], "SE", id="two starts"),
        pytest.param([end_of_speech(), end_of_speech(), final("a")], "SFE", id="stray ends"),
        pytest.param([final("a"), start_of_speech(), final("b")], "SFESFE", id="a second start"),
        pytest.param(
            [start_of_speech(), end_of_speech(), final("a")], "SEF", id="final after its end"
        ),
        pytest.param(
            [start_of_speech(), end_of_speech(), final("a"), interim("b"), final("c")],
            "SEFSFE",
            id="a new segment after that",
        ),
        pytest.param([usage(0.1), final("a"), usage(0.1), end_of_speech()], "uSFuE", id="usage"),
    ],
)
async def test_what_an_engine_leaves_out_is_completed(
    script: list[SpeechEvent], expected: str
) -> None:
    # Interims and preflights that nobody read before the final are still there: none is newer.
    events = await hear([Hear(0.1), *map(Say, script), HearAll()], pushes=1)
    assert spelt(events).replace("i", "").replace("p", "") == expected


@pytest.mark.contract("S11")
async def test_a_marker_closes_the_segment_that_is_said_before_and_after_it() -> None:
    segment = [HearMarker(), Say(final("said"))]
    assert spelt(await hear(segment * 3, pushes=3)) == "SFE" * 3


@pytest.mark.contract("S11")
async def test_a_final_that_came_before_the_marker_has_its_end_when_more_is_heard() -> None:
    steps = [Hear(0.1), Say(final("a")), HearMarker(), Hear(0.2), Say(final("b")), HearAll()]
    assert spelt(await hear(steps, pushes=2)) == "SFESFE"


@pytest.mark.contract("S11")
async def test_a_retry_does_not_repeat_the_start_of_speech() -> None:
    speech = [Hear(0.1), Say(start_of_speech()), Say(interim("he"))]
    events = await hear([*speech, Fail(AT_ONCE)], [*speech, Say(final("hello")), HearAll()])
    assert spelt(events).count("S") == 1
    assert spelt(events).replace("i", "") == "SFE"


@pytest.mark.contract("S11")
async def test_an_end_that_was_said_is_not_said_again_after_a_retry() -> None:
    speech = [Hear(0.1), Say(start_of_speech(0.0)), Say(end_of_speech(0.1))]
    events = await hear([*speech, Fail(AT_ONCE)], [*speech, Say(final("hello")), HearAll()])
    assert spelt(events) == "SEF"


@pytest.mark.contract("S11")
async def test_a_failed_stream_closes_its_open_segment_first() -> None:
    seen: list[SpeechEvent] = []
    with anyio.fail_after(5):
        with pytest.raises(APIConnectionError):
            async with ScriptedSTT([Say(interim("a")), Fail(AT_ONCE)]).stream(
                conn_options=ONCE
            ) as stream:
                async for event in stream:
                    seen.append(event)  # noqa: PERF401 - likewise
    assert spelt(seen) == "SiE"


@pytest.mark.contract("S11")
async def test_channels_have_segments_of_their_own() -> None:
    def on(channel: int, text: str) -> SpeechEvent:
        return final(text, channel=channel)

    events = await hear([Hear(0.1), Say(on(0, "a")), Say(on(1, "b")), Say(on(0, "c")), HearAll()])
    for channel in (0, 1):
        spelling = spelt([event for event in events if event.channel == channel])
        assert spelling == ("SFFE" if channel == 0 else "SFE")


@pytest.mark.contract("S11", "S17")
async def test_the_end_that_is_added_on_a_channel_has_that_channels_time() -> None:
    said = [Say(final("a", end=0.1, channel=0)), Say(final("b", end=0.05, channel=1))]
    events = await hear([Hear(0.1), *said, HearAll()])
    ends = {each.channel: each.time for each in events if LETTERS[each.type] == "E"}
    assert ends == {0: 0.1, 1: 0.05}


@pytest.mark.contract("S11")
async def test_an_added_start_and_end_carry_the_times_beside_them() -> None:
    events = await hear(
        [Hear(0.2), Say(final("a", start=0.05, end=0.15, request_id="r")), HearAll()]
    )
    start, _, end = events
    assert (start.time, start.request_id) == (0.05, "r")
    assert (end.time, end.request_id) == (0.15, "r")


# ---- S12


@pytest.mark.contract("S12")
async def test_a_hundred_thousand_unread_interims_take_one_place_and_finals_are_kept() -> None:
    rounds = 100_000

    async def chatter(stream: Any) -> None:
        for number in range(rounds):
            stream._event_ch.send_nowait(interim(str(number)))
            if number % 20_000 == 0:
                stream._event_ch.send_nowait(final(f"final {number}"))
                stream._event_ch.send_nowait(usage(0.0))
        await anyio.sleep_forever()

    class Stream(RecognizeStream):
        _run = chatter

    with anyio.fail_after(30):
        async with Stream(stt=ScriptedSTT(), conn_options=ONCE) as stream:
            await checkpoint()
            unread = stream.statistics().unread_events
            assert unread == 1 + 5 * 3 + 1  # START; an interim, a final, usage each; the last
            events = [await stream.__anext__() for _ in range(unread)]
    texts = [event.alternatives[0].text for event in events if event.alternatives]
    assert texts[-1] == str(rounds - 1)
    assert [text for text in texts if "final" in text] == [
        f"final {number}" for number in range(0, rounds, 20_000)
    ]


@pytest.mark.contract("S12")
async def test_unread_guesses_cost_no_memory(engine: Callable[..., Any]) -> None:
    async def chatter(stream: Any) -> None:
        async for _ in stream._input_ch:
            for number in range(20_000):
                stream._event_ch.send_nowait(interim("word " * 20 + str(number)))

    with anyio.fail_after(30):
        async with engine(chatter).stream() as stream:
            stream.push_frame(FRAME)
            await anyio.wait_all_tasks_blocked()
            tracemalloc.start()
            try:
                stream.push_frame(FRAME)
                await anyio.wait_all_tasks_blocked()
                kept, _ = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
    assert kept < 100_000


@pytest.mark.contract("S12")
async def test_an_interim_that_was_read_is_not_written_over(engine: Callable[..., Any]) -> None:
    with anyio.fail_after(5):
        steps: list[Any] = [Say(interim("one")), Hear(0.1), Say(interim("two")), HearAll()]
        async with ScriptedSTT(steps).stream() as stream:
            await stream.__anext__()
            assert (await stream.__anext__()).alternatives[0].text == "one"
            stream.push_frame(FRAME)
            stream.end_input()
            assert (await stream.__anext__()).alternatives[0].text == "two"


@pytest.mark.contract("S12")
async def test_a_guess_of_one_channel_does_not_replace_that_of_another() -> None:
    def guess(channel: int, text: str) -> Say:
        return Say(
            SpeechEvent(
                SpeechEventType.INTERIM_TRANSCRIPT,
                alternatives=[SpeechData("en", text)],
                channel=channel,
            )
        )

    steps: list[Any] = [
        guess(0, "left"),
        guess(1, "right"),
        guess(0, "left!"),
        guess(1, "right!"),
        Hang(),
    ]
    with anyio.fail_after(5):
        async with ScriptedSTT(steps).stream() as stream:
            await anyio.wait_all_tasks_blocked()
            count = stream.statistics().unread_events
            events = [await stream.__anext__() for _ in range(count)]
    texts = [event.alternatives[0].text for event in events if event.alternatives]
    assert sorted(texts) == ["left!", "right!"]


@pytest.mark.contract("S12")
async def test_an_absent_consumer_does_not_hold_up_the_engine() -> None:
    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            await stream.feed([FRAME] * 100)
            while stream.statistics().state != "finished":
                await checkpoint()
    assert stt.heard[0].outcome == "returned"


# ---- S13


@pytest.mark.contract("S13")
async def test_a_cancelled_next_loses_nothing() -> None:
    steps: list[Any] = []
    for number in range(1, 6):
        steps += [Hear(number / 10), Say(final(str(number)))]
    texts: list[str] = []
    with anyio.fail_after(5):
        async with ScriptedSTT(steps).stream() as stream:
            for _ in range(5):
                with anyio.move_on_after(0.002):
                    while True:
                        event = await stream.__anext__()
                        texts += [each.text for each in event.alternatives]
                stream.push_frame(FRAME)
            stream.end_input()
            async for event in stream:
                texts += [each.text for each in event.alternatives]
    assert texts == ["1", "2", "3", "4", "5"]


@pytest.mark.contract("S13")
async def test_a_next_cancelled_as_its_event_arrives_loses_nothing() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT([Hear(0.1), Say(final("a")), Hang()]).stream() as stream:
            events: list[SpeechEvent] = []

            async def read() -> None:
                with scope:
                    while True:
                        events.append(await stream.__anext__())

            scope = anyio.CancelScope()
            async with anyio.create_task_group() as tg:
                tg.start_soon(read)
                await anyio.wait_all_tasks_blocked()
                stream.push_frame(FRAME)
                while not stream.statistics().unread_events and not events:
                    await checkpoint()
                scope.cancel()
            stream.end_input()
            events += [await stream.__anext__() for _ in range(2 - len(events))]
    assert spelt(events) == "SF"


@pytest.mark.contract("S13")
async def test_two_consumers_at_once_are_refused_and_the_first_goes_on() -> None:
    seen: list[SpeechEvent] = []

    async def first(stream: RecognizeStream) -> None:
        seen.append(await stream.__anext__())

    with anyio.fail_after(5):
        async with ScriptedSTT([Hear(0.1), Say(final("a")), Hang()]).stream() as stream:
            async with anyio.create_task_group() as tg:
                tg.start_soon(first, stream)
                await anyio.wait_all_tasks_blocked()
                with pytest.raises(anyio.BusyResourceError):
                    await stream.__anext__()
                stream.push_frame(FRAME)
            assert spelt([*seen, await stream.__anext__()]) == "SF"


@pytest.mark.contract("S13")
async def test_taking_turns_is_allowed() -> None:
    steps: list[Any] = [Say(final("a")), Say(final("b")), Hang()]
    seen: list[SpeechEvent] = []

    async def take(stream: RecognizeStream) -> None:
        seen.append(await stream.__anext__())

    with anyio.fail_after(5):
        async with ScriptedSTT(steps).stream() as stream:
            await anyio.wait_all_tasks_blocked()
            for _ in range(3):
                async with anyio.create_task_group() as tg:
                    tg.start_soon(take, stream)
    assert spelt(seen) == "SFF"


@pytest.mark.contract("S13")
async def test_reading_what_is_there_lets_others_run_now_and_then() -> None:
    ran = 0

    async def count() -> None:
        nonlocal ran
        while True:
            ran += 1
            await checkpoint()

    with anyio.fail_after(5):
        async with ScriptedSTT([*[Say(final("a"))] * 1000, HearAll()]).stream() as stream:
            stream.end_input()
            await anyio.wait_all_tasks_blocked()
            async with anyio.create_task_group() as tg:
                tg.start_soon(count)
                async for _ in stream:
                    pass
                tg.cancel_scope.cancel()
    assert ran >= 10


# ---- S14


@pytest.mark.contract("S14")
async def test_a_failed_engines_events_come_first_then_its_exception_once_then_the_end() -> None:
    bug = LookupError("a bug")
    with anyio.fail_after(5):
        async with ScriptedSTT([Say(final("a")), Fail(bug)]).stream() as stream:
            assert spelt([await stream.__anext__() for _ in range(3)]) == "SFE"
            with pytest.raises(LookupError) as caught:
                await stream.__anext__()
            assert caught.value is bug
            depth = _depth(bug)
            for _ in range(3):
                with pytest.raises(StopAsyncIteration):
                    await stream.__anext__()
            assert _depth(bug) == depth  # nobody raised it again


def _depth(error: BaseException) -> int:
    count, traceback = 0, error.__traceback__
    while traceback is not None:
        count, traceback = count + 1, traceback.tb_next
    return count


@pytest.mark.contract("S14")
async def test_leaving_the_block_raises_what_nobody_iterated_over() -> None:
    bug = LookupError("a bug")
    with anyio.fail_after(5):
        with pytest.raises(LookupError) as caught:
            async with ScriptedSTT([Fail(bug)]).stream():
                await anyio.wait_all_tasks_blocked()
    assert caught.value is bug


@pytest.mark.contract("S14")
async def test_leaving_the_block_does_not_raise_what_was_seen() -> None:
    with anyio.fail_after(5):
        async with ScriptedSTT([Fail(LookupError())]).stream() as stream:
            with pytest.raises(LookupError):
                await stream.__anext__()


@pytest.mark.contract("S14")
async def test_a_push_refused_by_a_failure_leaves_the_block_as_that_failure() -> None:
    bug = LookupError("a bug")
    with anyio.fail_after(5):
        with pytest.raises(LookupError) as caught:
            async with ScriptedSTT([Fail(bug)]).stream() as stream:
                await anyio.wait_all_tasks_blocked()
                stream.push_frame(FRAME)
    assert caught.value is bug


@pytest.mark.contract("S14")
@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([APIConnectionError("a"), LookupError("bug")], LookupError),
        ([APIConnectionError("a"), APIStatusError("no", status_code=401)], APIStatusError),
        ([APIConnectionError("a")], APIConnectionError),
    ],
    ids=["a bug before a failure", "a refusal before a failure", "a single one"],
)
async def test_a_group_raised_inside_run_is_reduced_to_the_error_that_matters(
    engine: Callable[..., Any], errors: list[Exception], expected: type[Exception]
) -> None:
    async def fail(error: Exception) -> None:
        raise error  # without a checkpoint before it, where the other's failure would cancel it

    async def run(stream: Any) -> None:
        async with anyio.create_task_group() as tg:
            for error in errors:
                tg.start_soon(fail, error)

    with anyio.fail_after(5):
        with pytest.raises(expected) as caught:
            async with engine(run).stream(conn_options=ONCE) as stream:
                async for _ in stream:
                    pass
    assert caught.value in errors


@pytest.mark.contract("S14")
async def test_groups_in_groups_are_reduced_too_and_retried_when_they_may_be(
    engine: Callable[..., Any],
) -> None:
    attempts = 0

    async def run(stream: Any) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise ExceptionGroup("outer", [ExceptionGroup("inner", [AT_ONCE])])
        stream._event_ch.send_nowait(final("a"))
        async for _ in stream._input_ch:
            pass

    with anyio.fail_after(5):
        async with engine(run).stream() as stream:
            stream.end_input()
            assert spelt([event async for event in stream]) == "SFE"
    assert attempts == 3


@pytest.mark.contract("S14", "S15")
async def test_an_engine_cancelled_from_inside_has_not_ended_cleanly(
    engine: Callable[..., Any],
) -> None:
    async def run(stream: Any) -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            try:
                await checkpoint()
            except anyio.get_cancelled_exc_class() as exc:
                cancelled = exc
        raise cancelled

    with anyio.fail_after(5):
        with pytest.raises(APIConnectionError, match="cancelled from inside"):
            async with engine(run).stream(conn_options=ONCE) as stream:
                async for _ in stream:
                    pass


@pytest.mark.contract("S14")
async def test_an_engine_may_send_only_events(engine: Callable[..., Any]) -> None:
    async def run(stream: Any) -> None:
        stream._event_ch.send_nowait("hello")

    with anyio.fail_after(5):
        with pytest.raises(TypeError, match="sends SpeechEvents, got str"):
            async with engine(run).stream() as stream:
                async for _ in stream:
                    pass


# ---- S23


@pytest.mark.contract("S11", "S23")
@pytest.mark.parametrize(
    ("says", "expected"),
    [
        pytest.param([final("a", end=0.1)], "SFE", id="a final before the flush"),
        pytest.param([final("a")], "SFE", id="one without times"),
        pytest.param([interim("a"), final("", end=0.1)], "SiFE", id="a guess that came to nothing"),
    ],
)
async def test_what_was_said_before_a_flush_ends_though_no_audio_follows(
    says: list[SpeechEvent], expected: str
) -> None:
    stt = ScriptedSTT([Hear(0.1), *map(Say, says), HearMarker(), HearAll()])
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            stream.push_frame(FRAME)
            await anyio.wait_all_tasks_blocked()
            stream.flush()
            await stream.finalize()
            events = [await stream.__anext__() for _ in expected]
    assert spelt(events) == expected


@pytest.mark.contract("S17")
async def test_guesses_of_a_clock_that_ran_backwards_are_not_moved_beyond_the_audio() -> None:
    script: list[Any] = [
        Hear(2.0),
        *map(Say, [final("a", end=2.0), final("b", start=0.1, end=0.2)]),
        Say(interim("c", start=0.3, end=1.9)),
    ]
    with anyio.fail_after(5):
        async with ScriptedSTT([*script, HearAll()]).stream() as stream:
            await stream.feed([FRAME] * 20)
            data = [event.alternatives[0] async for event in stream if event.alternatives]
    assert [each.text for each in data] == ["a", "b", "c"]
    assert all(0 <= each.start_time <= each.end_time <= 2.0 + 1e-6 for each in data)
