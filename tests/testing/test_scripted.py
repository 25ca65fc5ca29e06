from __future__ import annotations

import anyio
import pytest

from anyio_stt import (
    DEFAULT_API_CONNECT_OPTIONS,
    APIConnectionError,
    APIConnectOptions,
    SpeechEvent,
    SpeechEventType,
)
from anyio_stt.testing import (
    Delay,
    Fail,
    Hang,
    Hear,
    HearAll,
    HearMarker,
    Repeat,
    Say,
    ScriptedSTT,
    Swallow,
    cut,
    final,
    interim,
    noise,
)

AUDIO = noise(1.0, seed=1)


async def listen(
    stt: ScriptedSTT,
    *,
    flush_after: int | None = None,
    options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
) -> list[SpeechEvent]:
    events: list[SpeechEvent] = []
    with anyio.fail_after(5):
        async with stt.stream(conn_options=options) as stream:
            for number, frame in enumerate(cut(AUDIO, 0.1), 1):
                stream.push_frame(frame)
                if number == flush_after:
                    stream.flush()
            stream.end_input()
            events.extend([event async for event in stream])
    return events


def texts(events: list[SpeechEvent]) -> list[str]:
    return [event.alternatives[0].text for event in events if event.alternatives]


async def test_without_a_script_everything_is_heard_and_said_once() -> None:
    stt = ScriptedSTT()
    assert texts(await listen(stt)) == ["1.000 s"]
    (heard,) = stt.heard
    assert heard.audio == AUDIO.pcm
    assert heard.ended
    assert heard.outcome == "returned"
    assert (heard.kind, heard.attempt, heard.seconds) == ("stream", 1, 1.0)


async def test_each_attempt_plays_its_own_script_and_the_last_one_again() -> None:
    lost = APIConnectionError("lost")
    stt = ScriptedSTT(
        [Hear(0.3), Say(interim("a")), Fail(lost)],
        [Hear(0.5), Fail(lost)],
        [Fail(lost)],
    )
    with pytest.raises(APIConnectionError, match="after 4 attempts"):
        await listen(stt)
    assert [heard.seconds for heard in stt.heard] == pytest.approx([0.3, 0.5, 0.0, 0.0])
    assert [heard.outcome for heard in stt.heard] == ["failed"] * 4


async def test_a_marker_can_be_waited_for_and_is_recorded_at_its_place() -> None:
    stt = ScriptedSTT([HearMarker(), Say(final("one", end=0.4)), HearAll(), Say(final("two"))])
    assert texts(await listen(stt, flush_after=4)) == ["one", "two"]
    assert stt.heard[0].markers == pytest.approx([0.4, 1.0])


async def test_repeat_plays_until_the_input_ends() -> None:
    said = Say(lambda heard: final(f"{heard.seconds:.1f}", end=heard.seconds))
    stt = ScriptedSTT([Repeat([HearMarker(), said])])
    assert texts(await listen(stt, flush_after=4)) == ["0.4", "1.0"]


async def test_a_repeat_that_never_listens_is_refused() -> None:
    with pytest.raises(ValueError, match="for ever"):
        await listen(ScriptedSTT([Repeat([Delay(0)])]))


async def test_hanging_ends_when_cancelled_and_says_so() -> None:
    stt = ScriptedSTT([Hang()])
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            await anyio.sleep(0.1)
            await stream.aclose()
    assert stt.heard[0].outcome == "cancelled"


async def test_swallowing_outlives_cancellation_by_its_seconds() -> None:
    stt = ScriptedSTT([Swallow(2.0)])
    with anyio.fail_after(5):
        began = anyio.current_time()
        async with stt.stream():
            await anyio.sleep(0.5)
        assert anyio.current_time() - began == pytest.approx(2.0)


async def test_every_call_of_recognize_plays_from_the_first_script() -> None:
    said = final("hello")
    stt = ScriptedSTT(recognize=[[Fail(APIConnectionError("busy"))], [Delay(0.1), Say(said)]])
    with anyio.fail_after(5):
        assert await stt.recognize(AUDIO, language="en") == said
        assert await stt.recognize(AUDIO) == said
    assert [heard.attempt for heard in stt.heard] == [1, 2, 1, 2]
    assert {heard.audio for heard in stt.heard} == {AUDIO.pcm}
    assert [heard.language for heard in stt.heard] == ["en", "en", None, None]


async def test_the_fake_hears_in_the_format_it_asks_for() -> None:
    stt = ScriptedSTT(sample_rate=8000, frame_duration=0.25, label="narrow")
    await listen(stt)
    frames = stt.heard[0].frames
    assert [frame.duration for frame in frames] == [0.25] * 4
    assert {frame.sample_rate for frame in frames} == {8000}
    assert stt.label == "narrow"


async def test_options_reach_the_attempts() -> None:
    stt = ScriptedSTT([Fail(APIConnectionError("lost"))])
    with pytest.raises(APIConnectionError, match=r"^lost$"):
        await listen(stt, options=APIConnectOptions(max_retry=0))
    assert len(stt.heard) == 1


async def test_events_come_in_the_grammar_of_the_contract() -> None:
    kinds = [event.type for event in await listen(ScriptedSTT())]
    assert kinds == [
        SpeechEventType.START_OF_SPEECH,
        SpeechEventType.FINAL_TRANSCRIPT,
        SpeechEventType.END_OF_SPEECH,
    ]
