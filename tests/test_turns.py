"""When somebody's turn begins, may be over, goes on, and is over, with every engine."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import (
    APIConnectionError,
    APIStatusError,
    AudioFrame,
    EagerEndOfTurn,
    EndOfTurn,
    FallbackAdapter,
    RecognizeStream,
    SpeechEvent,
    SpeechEventType,
    StartOfTurn,
    STTCapabilities,
    TurnMoment,
    TurnResumed,
)
from anyio_stt._rules.turns import TurnBuilder, TurnLimits
from anyio_stt.testing import (
    Delay,
    Fail,
    Hear,
    HearAll,
    Say,
    ScriptedSTT,
    final,
    interim,
    preflight,
    silence,
)
from anyio_stt.testing.steps import Step

START = SpeechEventType.START_OF_SPEECH
END = SpeechEventType.END_OF_SPEECH
TELLS = STTCapabilities(streaming=True, interim_results=True, turns=True)
LETTERS = {StartOfTurn: "S", EagerEndOfTurn: "E", TurnResumed: "R", EndOfTurn: "T"}
GRAMMAR = re.compile("(S(ER)*E?T)*")


def says(text: str, begin: float, until: float) -> list[Step]:
    return [
        Say(SpeechEvent(START, time=begin)),
        Say(final(text, start=begin, end=until)),
        Say(SpeechEvent(END, time=until)),
    ]


async def at_pace(tenths: int) -> AsyncIterator[AudioFrame]:
    for _ in range(tenths):
        yield silence(0.1)
        await anyio.sleep(0.1)


def letters(moments: list[TurnMoment]) -> str:
    return "".join(LETTERS[type(each)] for each in moments)


def texts(moments: list[TurnMoment]) -> list[str]:
    return [each.text for each in moments if isinstance(each, EndOfTurn)]


async def heard(stt: ScriptedSTT, seconds: float = 10.0) -> list[TurnMoment]:
    found: list[TurnMoment] = []
    async with stt, stt.stream() as stream, anyio.create_task_group() as tg:
        tg.start_soon(stream.feed, [silence(0.1) for _ in range(round(seconds * 10))])
        found += [each async for each in stream.turns()]
    return found


async def test_a_pause_is_no_end_and_a_long_silence_is_one() -> None:
    order = [Hear(2.0), *says("so", 0.5, 1.0), Hear(2.0), *says("well", 2.0, 2.5)]
    order += [Hear(4.0), *says("yes", 6.0, 6.5), HearAll()]
    moments = await heard(ScriptedSTT(order))
    assert letters(moments) == "SERETST"  # the stream ends the last: nothing may resume it
    assert texts(moments) == ["so well", "yes"]


@pytest.mark.contract("S16")
async def test_a_failure_in_the_middle_of_a_turn_neither_ends_nor_doubles_it() -> None:
    first: list[Step] = [Hear(2.0), *says("so", 0.5, 1.0), Fail(APIConnectionError("gone"))]
    again: list[Step] = [Hear(1.0), *says("well", 0.5, 1.0), HearAll()]
    moments = await heard(ScriptedSTT(first, again), 4.0)
    assert GRAMMAR.fullmatch(letters(moments))
    assert texts(moments) == ["so well"]


async def test_a_cough_begins_no_turn() -> None:
    cough: list[Step] = [Say(SpeechEvent(START, time=0.5)), Say(SpeechEvent(END, time=0.8))]
    assert await heard(ScriptedSTT([Hear(1.0), *cough, HearAll()])) == []


async def test_the_streams_error_comes_after_the_end_of_the_turn_before_it() -> None:
    refused = APIStatusError("no", status_code=400)
    stt, moments = (
        ScriptedSTT([Hear(1.0), *says("so", 0.5, 0.9), Fail(refused)]),
        list[TurnMoment](),
    )
    with pytest.raises(APIStatusError):
        async with stt, stt.stream() as stream:
            stream.push_frame(silence(1.0))
            async for each in stream.turns():
                moments += [each]
    assert texts(moments) == ["so"]


async def test_audio_that_stops_in_the_middle_of_speech_ends_the_turn() -> None:
    order: list[Step] = [Hear(1.0), Say(interim("stop that")), HearAll()]
    async with ScriptedSTT(order) as stt, stt.stream() as stream:
        stream.push_frame(silence(1.0))
        turns = stream.turns(max_silence=1.5)
        turns.update_options(min_words=2)
        assert isinstance(await turns.__anext__(), StartOfTurn)
        began = anyio.current_time()
        stream._report_silence(1.0)
        moments = [await turns.__anext__(), await turns.__anext__()]
        assert letters(moments) == "ET"
        assert 1.4 < anyio.current_time() - began < 1.7


@pytest.mark.parametrize(
    ("options", "ends_at"),
    [({}, 3.0), ({"max_silence": 5.0}, 6.5), ({"max_silence": 1.0}, 2.5), ({"max_gap": 5.0}, 3.0)],
)
async def test_options_hold_from_when_they_are_changed_also_for_the_turn_that_is_open(
    options: dict[str, float], ends_at: float
) -> None:
    order = [Hear(2.0), *says("so", 0.5, 1.5), HearAll()]
    ended: list[float] = []
    async with ScriptedSTT(order) as stt, stt.stream() as stream:
        turns = stream.transcribe(at_pace(80)).turns()
        async for each in turns:
            if isinstance(each, EagerEndOfTurn):
                turns.update_options(**options)  # type: ignore[arg-type]
            if isinstance(each, EndOfTurn):
                ended += [stream.statistics().pushed]
    assert ended == pytest.approx([ends_at], abs=0.11)


def test_options_that_cannot_hold_together_are_refused() -> None:
    with pytest.raises(ValueError, match="min_silence=3"):
        TurnLimits(min_silence=3.0)
    with pytest.raises(ValueError, match="min_words"):
        TurnLimits(min_words=0)


def test_words_after_a_gap_in_the_audio_go_on_with_the_speech() -> None:
    builder = TurnBuilder(TurnLimits())
    assert letters(builder.add(SpeechEvent(START, time=0.0), 1.0, 0.0)) == ""
    assert letters(builder.add(final("so", start=0.0, end=1.0), 1.0, 1.0)) == "S"
    builder.cut(1.0)
    assert letters(builder.hear(1.5, 1.0)) == "E"
    assert letters(builder.add(final("well", start=1.0, end=2.0), 2.0, 2.0)) == "R"
    assert letters(builder.hear(9.0, 2.0)) == ""
    assert texts(builder.finish()) == ["so well"]


# ---- engines that tell turns themselves, and preflights of any


async def test_an_engine_that_tells_turns_ends_them_by_its_end_and_not_by_silence() -> None:
    order = [Hear(2.0), *says("so well", 0.5, 2.0), Hear(1.0), *says("yes", 2.5, 3.0)]
    order += [Hear(0.5), Say(interim("and", start=3.1, end=3.5)), Hear(4.0)]
    order += [Say(final("and then", start=3.1, end=7.0)), HearAll()]
    moments = await heard(ScriptedSTT(order, capabilities=TELLS))
    assert letters(moments) == "STSTST"
    assert texts(moments) == ["so well", "yes", "and then"]


async def test_a_preflight_is_an_eager_end_whoever_says_it_and_other_words_resume_it() -> None:
    order: list[Step] = [
        Hear(2.0),
        Say(SpeechEvent(START, time=0.1)),
        Say(preflight("so well", start=0.1, end=1.0)),
        Delay(0.1),
        Say(interim("so well", start=0.1, end=1.5)),
        Delay(0.1),
        Say(interim("so well then", start=0.1, end=2.0)),
        Delay(0.1),
        Say(preflight("so well then", start=0.1, end=2.0)),
        Say(final("so well then", start=0.1, end=2.0)),
        Say(SpeechEvent(END, time=2.0)),
        HearAll(),
    ]
    for capabilities in (TELLS, None):
        moments = await heard(ScriptedSTT(order, capabilities=capabilities))
        assert letters(moments) == "SERET"
        assert [each.text for each in moments if isinstance(each, EagerEndOfTurn)] == [
            "so well",
            "so well then",
        ]
        assert texts(moments) == ["so well then"]


@asynccontextmanager
async def late_reader(stt: ScriptedSTT) -> AsyncIterator[RecognizeStream]:
    """Give a stream that has said everything before anybody reads it."""
    async with stt.stream() as stream:
        await stream.feed([silence(0.1) for _ in range(100)])
        while stream.statistics().state != "finished":
            await anyio.sleep(0.1)
        yield stream


@pytest.mark.parametrize("capabilities", [TELLS, None], ids=["told", "by-silence"])
async def test_who_reads_late_gets_the_words_in_their_turn_all_the_same(
    capabilities: STTCapabilities | None,
) -> None:
    order = [
        Hear(2.0),
        Say(interim("so", start=0.5, end=1.0)),
        Say(SpeechEvent(END, time=1.0)),
        Say(final("so well", start=0.5, end=1.0)),
        *says("then", 1.4, 2.0),
        HearAll(),
    ]
    async with ScriptedSTT(order, order, capabilities=capabilities) as stt:
        async with late_reader(stt) as stream:
            moments = [each async for each in stream.turns()]
        async with late_reader(stt) as stream:
            utterances = [each.text async for each in stream.utterances()]
    assert letters(moments) == ("STST" if capabilities else "SERET")
    assert " ".join(texts(moments)) == "so well then"
    assert utterances == ["so well", "then"]


def test_a_fallback_leaves_turns_to_its_members_if_each_of_them_tells() -> None:
    tells, not_told = ScriptedSTT(capabilities=TELLS), ScriptedSTT()
    assert FallbackAdapter([tells, tells]).capabilities.turns
    assert not FallbackAdapter([tells, not_told]).capabilities.turns


async def test_a_stream_that_feeds_itself_gives_turns_and_raises_what_its_source_does() -> None:
    async def frames() -> AsyncIterator[AudioFrame]:
        for _ in range(60):
            yield silence(0.1)
        raise OSError("unplugged")

    order = [Hear(2.0), *says("so", 0.5, 1.0), Hear(5.0), *says("yes", 4.0, 4.5), HearAll()]
    moments: list[TurnMoment] = []
    with anyio.fail_after(5), pytest.raises(OSError, match="unplugged"):
        async with ScriptedSTT(order) as stt, stt.stream() as stream:
            turns = stream.transcribe(frames()).turns(max_silence=1.0)
            while True:
                with anyio.move_on_after(0.05):  # cancelled, it loses nothing
                    moments.append(await turns.__anext__())
    assert GRAMMAR.fullmatch(letters(moments))
    assert texts(moments) == ["so", "yes"]


@pytest.mark.parametrize("guesses", [True, False], ids=["guesses", "finals-only"])
@pytest.mark.parametrize("timed", [True, False], ids=["times", "no-times"])
async def test_an_engine_that_marks_no_ends_is_done_when_nothing_follows_its_words(
    timed: bool, guesses: bool
) -> None:
    said = [final(each, end=end if timed else 0.0) for each, end in (("so", 1.0), ("yes", 5.5))]
    order: list[Step] = [Hear(2.0), Say(said[0]), Hear(6.0), Say(said[1]), HearAll()]
    capabilities = STTCapabilities(streaming=True, interim_results=guesses)
    ended: list[float] = []
    async with (
        ScriptedSTT(order, capabilities=capabilities) as stt,
        stt.stream() as stream,
        anyio.create_task_group() as tg,
    ):
        tg.start_soon(stream.feed, at_pace(100))
        ended += [
            stream.statistics().pushed
            async for each in stream.turns()
            if isinstance(each, EndOfTurn)
        ]
    assert ended == pytest.approx([2.5, 7.0] if timed else [3.5, 7.5], abs=0.11)


def test_an_end_that_comes_before_its_words_waits_for_them() -> None:
    builder = TurnBuilder(TurnLimits(), told=True)
    builder.add(SpeechEvent(START, time=0.0), 1.0, 0.0)
    assert letters(builder.add(interim("so"), 1.0, 0.0)) == "S"
    assert letters(builder.add(SpeechEvent(END, time=1.0), 1.5, 0.0)) == ""
    assert letters(builder.hear(9.0, 0.4)) == ""
    assert letters(builder.add(final("so well", start=0.0, end=1.0), 9.0, 1.0)) == "T"


def test_words_that_are_later_than_the_next_speech_are_a_turn_of_their_own() -> None:
    builder = TurnBuilder(TurnLimits())
    moments = builder.add(SpeechEvent(START, time=0.5), 0.6, 0.0)
    moments += builder.add(SpeechEvent(END, time=1.0), 1.4, 0.0)
    moments += builder.add(SpeechEvent(START, time=4.0), 4.1, 0.0)
    moments += builder.add(final("so", start=0.5, end=1.0), 4.5, 1.0)
    moments += builder.hear(4.6, 1.0)
    assert letters(moments) == "ST"
    moments += builder.add(final("yes", start=4.0, end=5.0), 5.1, 5.0)
    assert texts([*moments, *builder.finish()]) == ["so", "yes"]


def test_words_that_come_behind_two_ends_wait_for_the_words_of_the_second() -> None:
    builder = TurnBuilder(TurnLimits())
    moments = builder.add(SpeechEvent(START, time=0.5), 0.6, 0.0)
    moments += builder.add(SpeechEvent(END, time=1.0), 1.1, 0.0)
    moments += builder.add(SpeechEvent(START, time=1.2), 1.3, 0.0)
    moments += builder.add(SpeechEvent(END, time=3.0), 3.1, 0.0)
    moments += builder.add(final("so", start=0.5, end=1.0), 3.2, 1.0)
    moments += builder.hear(3.4, 1.0)
    assert letters(moments) == "S"
    moments += builder.add(final("well", start=1.2, end=3.0), 3.5, 3.0)
    assert texts(moments + builder.hear(4.5, 3.0)) == ["so well"]


def test_a_preflight_of_which_another_final_or_none_comes_is_taken_back() -> None:
    builder = TurnBuilder(TurnLimits(), told=True)
    assert letters(builder.add(preflight("so", start=0.1, end=1.0), 1.0, 0.0)) == "SE"
    assert letters(builder.add(final("oh", start=0.0, end=1.0), 1.0, 1.0)) == "R"
    assert letters(builder.add(preflight("no", start=0.1, end=2.0), 2.0, 1.0)) == "E"
    assert letters(builder.finish()) == "RT"


KINDS = ["start", "end", "final", "guess", "preflight", "hear", "cut"]
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.floats(0, 3)),
    max_size=40,
)


@given(STEPS, st.floats(0.1, 1), st.floats(1, 3), st.integers(1, 3), st.floats(0, 1), st.booleans())
def test_any_order_of_events_gives_turns_that_hold_each_final_once(
    steps: list[tuple[str, float]],
    least: float,
    most: float,
    words: int,
    answered: float,
    told: bool,
) -> None:
    builder, now = TurnBuilder(TurnLimits(least, most, words), told=told), 0.0
    moments: list[TurnMoment] = []
    said: list[str] = []
    for kind, seconds in steps:
        now += seconds
        covered = now * answered
        if kind == "final":
            said.append(f"w{len(said)}")
            moments += builder.add(final(said[-1], start=now - seconds, end=now), now, covered)
        elif kind == "guess":
            moments += builder.add(interim("one two"), now, covered)
        elif kind == "preflight":
            moments += builder.add(preflight(f"w{len(said)}", start=0.1, end=now), now, covered)
        elif kind == "cut":
            builder.cut(now)
        elif kind == "hear":
            moments += builder.hear(now, covered)
        else:
            event = SpeechEvent(START if kind == "start" else END, time=now)
            moments += builder.add(event, now, covered)
    moments += builder.finish()
    assert GRAMMAR.fullmatch(letters(moments))
    assert " ".join(texts(moments)).split() == said
    for before, after in pairwise(moments):
        if isinstance(before, EagerEndOfTurn) and isinstance(after, EndOfTurn):
            assert before.text == after.text
