"""S16, S17: what no final covers is heard again, and every time is on one clock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

import anyio
import pytest

from anyio_stt import (
    APIConnectionError,
    APIConnectOptions,
    APIError,
    AudioFrame,
    RecognizeStream,
    SpeechData,
    SpeechEvent,
    SpeechEventType,
    Word,
)
from anyio_stt.testing import (
    Delay,
    Fail,
    Hear,
    HearAll,
    Say,
    ScriptedSTT,
    cut,
    end_of_speech,
    final,
    interim,
    noise,
    silence,
    start_of_speech,
)

pytestmark = pytest.mark.any_clock

AUDIO = noise(2.0, seed=5)
PIECES = cut(AUDIO, 0.1)
BROKEN = Fail(APIConnectionError("lost", retry_after=0))


def part(start: float, stop: float | None = None) -> bytes:
    """The bytes of AUDIO between two times."""
    last = None if stop is None else round(stop * 16000)
    return AUDIO.slice(round(start * 16000), last).pcm


async def recognise(
    stt: ScriptedSTT, pieces: list[AudioFrame] = PIECES, **options: Any
) -> tuple[list[SpeechEvent], RecognizeStream]:
    with anyio.fail_after(5):
        async with stt.stream(conn_options=APIConnectOptions(**options)) as stream:
            for piece in pieces:
                stream.push_frame(piece)
            stream.end_input()
            return [event async for event in stream], stream


def finals(events: list[SpeechEvent]) -> list[SpeechData]:
    return [
        event.alternatives[0] for event in events if event.type is SpeechEventType.FINAL_TRANSCRIPT
    ]


# ---- S16


@pytest.mark.contract("S16")
async def test_a_new_attempt_first_hears_what_no_final_covers_then_the_rest() -> None:
    stt = ScriptedSTT([Hear(1.0), Say(final("a", end=0.55)), BROKEN], [HearAll()])
    _, stream = await recognise(stt)
    assert stt.heard[1].audio == part(0.55)
    numbers = stream.statistics()
    assert numbers.replayed == pytest.approx(0.45)
    assert numbers.recognised == pytest.approx(0.55)
    assert numbers.dropped == 0


@pytest.mark.contract("S16")
async def test_without_any_final_everything_is_heard_again() -> None:
    stt = ScriptedSTT([Hear(1.0), BROKEN], [Hear(1.5), BROKEN], [HearAll()])
    await recognise(stt)
    assert [len(each.audio) for each in stt.heard[:2]] == [32000, 48000]
    assert stt.heard[2].audio == part(0)


@pytest.mark.contract("S16")
async def test_audio_that_was_pushed_but_never_read_is_not_lost_either() -> None:
    stt = ScriptedSTT([BROKEN], [HearAll()])
    _, stream = await recognise(stt)
    assert stt.heard[1].audio == part(0)
    assert stream.statistics().replayed == 0


@pytest.mark.contract("S16")
async def test_a_failure_after_the_end_of_input_replays_too() -> None:
    stt = ScriptedSTT([HearAll(), BROKEN], [HearAll(), Say(final("all", end=2.0))])
    events, stream = await recognise(stt)
    assert stt.heard[1].audio == part(0)
    assert [each.text for each in finals(events)] == ["all"]
    assert stream.statistics().recognised == pytest.approx(2.0)


@pytest.mark.contract("S16")
async def test_a_failure_after_everything_was_said_needs_no_new_attempt() -> None:
    stt = ScriptedSTT([HearAll(), Say(final("all", end=2.0)), BROKEN])
    events, _ = await recognise(stt)
    assert [each.text for each in finals(events)] == ["all"]
    assert len(stt.heard) == 1


@pytest.mark.contract("S16", "S6")
async def test_audio_pushed_while_no_attempt_runs_comes_after_the_replay() -> None:
    stt = ScriptedSTT([Hear(0.5), BROKEN], [Delay(0.001), HearAll()])
    with anyio.fail_after(5):
        async with stt.stream() as stream:
            for piece in PIECES[:10]:
                stream.push_frame(piece)
            while stream.statistics().attempt < 2:
                await anyio.sleep(0.001)
            for piece in PIECES[10:]:
                stream.push_frame(piece)
            stream.end_input()
            async for _ in stream:
                pass
    assert stt.heard[1].audio == part(0)


@pytest.mark.contract("S16")
@pytest.mark.parametrize("limit", [0.0, 0.25, 0.5, 1.0, 1.2])
async def test_what_exceeded_replay_limit_is_reported_to_the_sample_in_every_way(
    limit: float,
    caplog: pytest.LogCaptureFixture,
    listen_to: Callable[..., Any],
) -> None:
    stt = ScriptedSTT([Hear(1.0), BROKEN], [HearAll(), Say(final("rest", end=2.0))], label="lossy")
    told = listen_to(stt)
    with caplog.at_level(logging.WARNING, "anyio_stt"):
        _, stream = await recognise(stt, replay_limit=limit)
    lost = max(0.0, 1.0 - limit)
    assert stt.heard[1].audio == part(lost)
    numbers = stream.statistics()
    assert numbers.dropped == pytest.approx(lost)
    assert numbers.recognised == pytest.approx(2.0 - lost)
    assert sum(each.audio_duration for each in told.metrics) == pytest.approx(2.0 - lost)
    assert told.metrics[-1].dropped_duration == pytest.approx(lost)
    assert (f"lossy lost {lost:.3f} s of audio before {lost:.3f} s" in caplog.text) == (lost > 0)
    assert ("replay_limit=" in caplog.text) == (lost > 0)


@pytest.mark.contract("S16")
async def test_losing_everything_to_the_limit_is_a_failure_not_an_empty_success() -> None:
    stt = ScriptedSTT([HearAll(), BROKEN])
    with pytest.raises(APIError, match=r"lost 2\.000 s .* raise APIConnectOptions\.replay_limit"):
        await recognise(stt, replay_limit=0.0)


@pytest.mark.contract("S16")
async def test_what_was_too_old_to_keep_is_no_loss_once_a_final_covers_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stt = ScriptedSTT([Hear(1.5), Say(final("a", end=1.5)), BROKEN], [HearAll()])
    _, stream = await recognise(stt, replay_limit=0.5)
    assert stt.heard[1].audio == part(1.5)
    assert stream.statistics().dropped == 0
    assert "lost" not in caplog.text.replace("APIConnectionError: lost", "")


@pytest.mark.contract("S16")
async def test_the_memory_of_what_was_read_is_bounded() -> None:
    peak = 0.0
    stt = ScriptedSTT([HearAll(), Say(final("a"))])
    with anyio.fail_after(5):
        async with stt.stream(conn_options=APIConnectOptions(replay_limit=0.3)) as stream:
            for piece in cut(silence(20.0), 0.1):
                await stream.send_frame(piece)
                await anyio.wait_all_tasks_blocked()
                peak = max(peak, stream.statistics().replay)
                kept = list(stream._core_queue.log.items)
                # No objects that the garbage collector counts, let go of by the second.
                assert all(type(part) is bytes for part in kept)
                assert sum(map(len, cast("list[bytes]", kept))) <= (0.3 + 2.2) * 16000 * 2
    assert peak == pytest.approx(0.3)


@pytest.mark.contract("S16")
async def test_several_losses_add_up() -> None:
    stt = ScriptedSTT(
        [Hear(0.5), BROKEN],
        [Hear(0.6), BROKEN],  # from 0.2 s on, up to 0.8 s
        [HearAll(), Say(final("rest", end=1.5))],
    )
    _, stream = await recognise(stt, replay_limit=0.3)
    assert stt.heard[1].audio[:100] == part(0.2)[:100]
    assert stt.heard[2].audio == part(0.5)
    assert stream.statistics().dropped == pytest.approx(0.5)
    assert stream.statistics().recognised == pytest.approx(1.5)


@pytest.mark.contract("S16")
@pytest.mark.parametrize("sample_rate", [8000, 24000])
async def test_replay_is_exact_when_the_stream_resamples(sample_rate: int) -> None:
    plain = ScriptedSTT(sample_rate=sample_rate)
    await recognise(plain)
    stt = ScriptedSTT(
        [Hear(1.0), Say(final("a", end=0.55)), BROKEN], [HearAll()], sample_rate=sample_rate
    )
    await recognise(stt)
    assert stt.heard[1].audio == plain.heard[0].audio[round(0.55 * sample_rate) * 2 :]


@pytest.mark.contract("S16")
async def test_stereo_is_covered_when_the_finals_of_both_channels_have_passed() -> None:
    left = noise(1.0, seed=1, num_channels=2)
    stt = ScriptedSTT(
        [
            Hear(0.5),
            Say(final("left", end=0.4, channel=0)),
            Say(final("right", end=0.2, channel=1)),
            BROKEN,
        ],
        [HearAll(), Say(final("left", end=0.2, channel=0)), Say(final("r", end=0.3, channel=1))],
    )
    events, stream = await recognise(stt, cut(left, 0.1))
    assert stt.heard[1].audio == left.slice(3200).pcm
    texts = [(data.text, data.end_time) for data in finals(events)]
    # the left channel's second final ends where its first did: it was said before
    assert texts == [("left", 0.4), ("right", 0.2), ("r", pytest.approx(0.5))]
    assert stream.statistics().recognised == pytest.approx(0.4)


@pytest.mark.contract("S16")
async def test_an_attempt_that_is_over_hears_and_says_nothing_more(
    engine: Callable[..., Any],
) -> None:
    left: list[Any] = []
    outcomes: list[str] = []

    async def run(stream: Any) -> None:
        left.append((stream._input_ch, stream._event_ch))
        if len(left) == 1:
            await stream._input_ch.__anext__()
            raise APIConnectionError("lost", retry_after=0)
        source, sink = left[0]
        for use in (source.__anext__, lambda: sink.send_nowait(final("a ghost"))):
            try:
                waiting = use()
                if waiting is not None:
                    await waiting
            except RuntimeError as exc:
                outcomes.append(str(exc))
        async for _ in stream._input_ch:
            pass

    stt = engine(run)
    events, _ = await recognise(stt)
    assert events == []
    assert len(outcomes) == 2
    assert all("this attempt is over" in each for each in outcomes)


@pytest.mark.contract("S16")
async def test_silence_that_an_engine_reports_is_covered_and_not_heard_again(
    engine: Callable[..., Any],
) -> None:
    heard: list[float] = []

    async def run(stream: Any) -> None:
        seconds = 0.0
        async for item in stream._input_ch:
            if not isinstance(item, stream._FlushSentinel):
                seconds += item.duration
            if not heard and seconds > 0.95:
                stream._report_silence(0.7)
                heard.append(seconds)
                raise APIConnectionError("lost", retry_after=0)
        heard.append(seconds)

    await recognise(engine(run))
    assert heard == [pytest.approx(1.0), pytest.approx(1.3)]


# ---- S17


@pytest.mark.contract("S17")
async def test_every_time_in_every_event_is_on_the_streams_clock() -> None:
    words = [Word("a", 0.1, 0.2), Word("b", 0.2, 0.3)]
    stt = ScriptedSTT(
        [Hear(1.0), Say(final("one", start=0.1, end=0.5)), BROKEN],
        [
            Hear(0.4),
            Say(start_of_speech(0.1)),
            Say(interim("t", start=0.1, end=0.3)),
            Say(final("two", start=0.1, end=0.4, words=words)),
            Say(end_of_speech(0.4)),
            BROKEN,
        ],
        [HearAll(), Say(final("three", start=0.0, end=1.1))],
    )
    events, _ = await recognise(stt)
    assert [(d.text, d.start_time, d.end_time) for d in finals(events)] == [
        ("one", 0.1, 0.5),
        ("two", pytest.approx(0.6), pytest.approx(0.9)),
        ("three", pytest.approx(0.9), pytest.approx(2.0)),
    ]
    two = finals(events)[1]
    assert two.words is not None
    assert [word.start_time for word in two.words] == pytest.approx([0.6, 0.7])
    assert [word.end_time for word in two.words] == pytest.approx([0.7, 0.8])
    ends = [e.time for e in events if e.type is SpeechEventType.END_OF_SPEECH]
    assert ends[0] == pytest.approx(0.9)


@pytest.mark.contract("S17")
async def test_the_clock_counts_pushed_audio_not_outages() -> None:
    slow = Fail(APIConnectionError("lost", retry_after=0.02))
    stt = ScriptedSTT(
        [Hear(1.0), Say(final("one", end=1.0)), slow], [HearAll(), Say(final("two", end=1.0))]
    )
    events, _ = await recognise(stt)
    assert [d.end_time for d in finals(events)] == [1.0, pytest.approx(2.0)]


@pytest.mark.contract("S17")
async def test_a_final_without_a_time_covers_what_its_attempt_has_read() -> None:
    stt = ScriptedSTT([Hear(0.7), Say(final("a")), BROKEN], [Hear(0.5), Say(final("b")), HearAll()])
    events, stream = await recognise(stt)
    assert stt.heard[1].audio == part(0.7)
    assert stream.statistics().recognised == pytest.approx(1.2)
    assert all(d.start_time == d.end_time == 0.0 for d in finals(events))


@pytest.mark.contract("S17")
async def test_no_final_twice_for_the_same_audio(caplog: pytest.LogCaptureFixture) -> None:
    stt = ScriptedSTT(
        [
            Hear(1.0),
            Say(final("a", end=0.5)),
            Say(final("a", end=0.5)),
            Say(final("another", start=0.3, end=0.5)),
            Say(final("earlier", end=0.3)),
            Say(final("b", start=0.5, end=0.9)),
            HearAll(),
        ],
        label="repeating",
    )
    with caplog.at_level(logging.WARNING, "anyio_stt"):
        events, _ = await recognise(stt)
    # Other words are no repeat: they are moved behind what finals cover.
    assert [d.text for d in finals(events)] == ["a", "another", "earlier", "b"]
    ends = [d.end_time for d in finals(events)]
    assert ends == sorted(ends)
    assert ends[-1] <= 1.0
    assert "repeating sent a final that ends at 0.500 s" in caplog.text


@pytest.mark.contract("S17")
async def test_an_end_that_is_moved_with_a_clock_lies_in_what_was_heard() -> None:
    late, early = final("b", start=0.8, end=1.0), final("a", start=0.1, end=0.4)
    stt = ScriptedSTT([Hear(1.5), Say(late), Say(early), Say(end_of_speech(1.0)), HearAll()])
    events, _ = await recognise(stt)
    (end,) = (each.time for each in events if each.type is SpeechEventType.END_OF_SPEECH)
    assert end == pytest.approx(1.5)


@pytest.mark.contract("S17")
async def test_a_final_covers_no_more_than_its_attempt_has_read() -> None:
    stt = ScriptedSTT([Hear(0.5), Say(final("too far", end=99.0)), BROKEN], [HearAll()])
    _, stream = await recognise(stt)
    assert stt.heard[1].audio == part(0.5)
    assert stream.statistics().recognised == pytest.approx(0.5)


@pytest.mark.contract("S17")
async def test_the_clock_is_that_of_the_pushed_audio_when_the_stream_resamples() -> None:
    stt = ScriptedSTT(
        [Hear(1.0), Say(final("a", end=1.0)), BROKEN],
        [HearAll(), Say(final("b", end=1.0))],
        sample_rate=16000,
    )
    events, stream = await recognise(stt, cut(silence(2.0, sample_rate=44100), 0.1))
    assert [d.end_time for d in finals(events)] == [1.0, pytest.approx(2.0)]
    assert stream.statistics().pushed == pytest.approx(2.0)


@pytest.mark.contract("S16", "S17", "S22")
async def test_a_failure_within_audio_given_up_before_leaves_the_clock_right() -> None:
    """What is in front of it is answered by then, so it is settled further than was read."""
    attempts: list[float] = []

    class Stream(RecognizeStream):
        async def _run(self) -> None:
            attempts.append(0.0)
            async for item in self._input_ch:
                if isinstance(item, AudioFrame):
                    attempts[-1] += item.duration
                    self.hear(round(attempts[-1], 3))
            self._event_ch.send_nowait(final("end", end=attempts[-1]))

        def hear(self, heard: float) -> None:
            if (len(attempts), heard) == (1, 1.6):
                self._report_refused(APIError("unintelligible"), 0.8, 1.4)
            elif (len(attempts), heard) in ((1, 1.7), (2, 0.9)):
                if len(attempts) == 2:
                    self._event_ch.send_nowait(final("one", end=0.8))
                raise APIConnectionError("lost", retry_after=0)

    stt = ScriptedSTT()
    with anyio.fail_after(5):
        async with Stream(stt=stt, conn_options=APIConnectOptions()) as stream:
            for piece in PIECES:
                stream.push_frame(piece)
            stream.end_input()
            said = finals([event async for event in stream])
    assert [(each.text, round(each.end_time, 3)) for each in said] == [("one", 0.8), ("end", 2.0)]
    assert [round(each, 3) for each in attempts] == [1.7, 0.9, 1.1]
    numbers = stream.statistics()
    assert numbers.delivered == numbers.pushed == pytest.approx(2.0)
    assert numbers.dropped == pytest.approx(0.6)
    assert numbers.recognised + numbers.silent + numbers.dropped == pytest.approx(2.0)
