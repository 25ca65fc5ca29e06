"""What somebody said, whole, with every engine."""

from __future__ import annotations

import anyio
import pytest

from anyio_stt import APIStatusError, SpeechEvent, SpeechEventType, Utterance
from anyio_stt.testing import Fail, Hear, HearAll, Say, ScriptedSTT, final, silence
from anyio_stt.testing.steps import Step

START = SpeechEventType.START_OF_SPEECH
END = SpeechEventType.END_OF_SPEECH


def start(time: float) -> Say:
    return Say(SpeechEvent(START, time=time))


def end(time: float) -> Say:
    return Say(SpeechEvent(END, time=time))


def says(text: str, begin: float, until: float) -> Say:
    return Say(final(text, start=begin, end=until))


async def heard(stt: ScriptedSTT, seconds: float = 6.0) -> list[Utterance]:
    found: list[Utterance] = []
    async with stt, stt.stream() as stream, anyio.create_task_group() as tg:
        tg.start_soon(stream.feed, [silence(1.0) for _ in range(round(seconds))])
        found += [each async for each in stream.utterances()]
    return found


@pytest.mark.parametrize(
    "order",
    [
        [Hear(2.0), start(0.5), says("hello", 0.5, 1.5), end(1.6), HearAll()],
        [Hear(2.0), start(0.5), end(1.9), Hear(3.0), says("hello", 0.5, 1.8), HearAll()],
    ],
    ids=["words first", "end first"],
)
async def test_the_words_are_there_when_the_utterance_is(order: list[Step]) -> None:
    (said,) = await heard(ScriptedSTT(order))
    assert (said.text, said.start_time) == ("hello", 0.5)


async def test_a_cough_is_an_empty_utterance_and_a_later_word_is_none_of_it() -> None:
    order: list[Step] = [
        Hear(2.0),
        start(0.5),
        end(1.0),
        HearAll(),
        start(4.0),
        says("hello", 4.0, 5.0),
    ]
    found = await heard(ScriptedSTT(order))
    assert [each.text for each in found] == ["", "hello"]


async def test_the_streams_error_comes_after_what_was_said_before_it() -> None:
    refused = APIStatusError("no", status_code=400)
    stt = ScriptedSTT([Hear(2.0), start(0.5), says("hello", 0.5, 1.5), end(1.6), Fail(refused)])
    said: list[str] = []
    with pytest.raises(APIStatusError):
        async with stt, stt.stream() as stream:
            stream.push_frame(silence(3.0))
            async for each in stream.utterances():
                said += [each.text]
    assert said == ["hello"]


@pytest.mark.contract("S13")
async def test_a_wait_that_is_cancelled_loses_nothing() -> None:
    order: list[Step] = [
        Hear(1.0),
        start(0.1),
        end(0.9),
        Hear(3.0),
        says("hello", 0.1, 0.8),
        HearAll(),
    ]
    stt, found = ScriptedSTT(order), list[str]()
    async with stt, stt.stream() as stream:
        utterances = stream.utterances()
        for _ in range(4):
            stream.push_frame(silence(1.0))
            with anyio.move_on_after(0.01):
                found.append((await utterances.__anext__()).text)
        stream.end_input()
        found += [each.text async for each in utterances]
    assert found == ["hello"]


async def test_a_stream_that_feeds_itself_gives_utterances_and_raises_the_engines_error() -> None:
    refused = APIStatusError("no", status_code=403)
    order: list[Step] = [Hear(2.0), start(0.5), says("hello", 0.5, 1.5), end(1.6), Fail(refused)]
    found: list[str] = []
    with anyio.fail_after(5), pytest.raises(APIStatusError) as raised:
        async with ScriptedSTT(order) as stt, stt.stream() as stream:
            events = stream.transcribe([silence(1.0) for _ in range(6)])
            async for utterance in events.utterances():
                found += [utterance.text]
    assert (found, raised.value) == (["hello"], refused)
