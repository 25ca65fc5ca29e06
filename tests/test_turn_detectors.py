"""Detectors of the end of a turn: asked off the loop, and given up without harm."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import numpy as np
import pytest

from anyio_stt import (
    APIConnectOptions,
    AudioFrame,
    EagerEndOfTurn,
    EndOfTurn,
    RecognizeStream,
    SpeechEvent,
    SpeechEventType,
    TurnMoment,
)
from anyio_stt._rules.turns import TurnBuilder, TurnLimits
from anyio_stt.testing import Hear, HearAll, Say, ScriptedSTT, final, silence
from anyio_stt.testing.steps import Step

from .test_turns import GRAMMAR, letters, says, texts

END = SpeechEventType.END_OF_SPEECH
START = SpeechEventType.START_OF_SPEECH


@dataclass
class Scripted:
    """Answers by how much silence there was; keeps what it was asked."""

    answer: Callable[[float], float]
    asked: list[tuple[str, str, float]] = field(default_factory=list)
    heard: list[AudioFrame] = field(default_factory=list)

    def judge(self, audio: AudioFrame, text: str, language: str, silence: float) -> float:
        self.asked.append((text, language, silence))
        self.heard.append(audio)
        return self.answer(silence)


SCRIPT: list[Step] = [
    Hear(2.0), *says("so", 0.5, 1.0), Hear(1.1), *says("well", 2.0, 2.5),
    Hear(4.0), *says("yes", 6.0, 6.5), HearAll(),
]  # fmt: skip


async def heard(
    detector: object, script: list[Step] = SCRIPT, rate: int = 16000, **options: float
) -> list[TurnMoment]:
    audio = silence(10.0, sample_rate=rate)  # in one piece: a file, however slow the machine
    async with ScriptedSTT(script) as stt, stt.stream() as stream, anyio.create_task_group() as tg:
        tg.start_soon(stream.feed, [audio])
        with anyio.fail_after(60):
            turns = stream.turns(detector=detector, **options)  # type: ignore[arg-type]
            return [each async for each in turns]
    raise AssertionError


@pytest.mark.real_time
async def test_a_detector_ends_a_turn_before_silence_does_also_in_a_file() -> None:
    detector = Scripted(lambda silence: 0.4 if silence < 0.8 else 0.6)
    moments = await heard(detector, max_silence=30.0)
    assert letters(moments) in ("SETSETST", "SETSETSET")  # the last ends with the stream
    assert texts(moments) == ["so", "well", "yes"]
    assert detector.asked[:3] == [("so", "en", 0.2), ("so", "en", 0.4), ("so", "en", 0.8)]
    assert detector.asked[3][0] == "well"
    assert detector.heard[0].duration == pytest.approx(1.2)  # words and silence


@pytest.mark.real_time
async def test_a_detector_that_is_not_sure_leaves_it_to_silence() -> None:
    detector = Scripted(lambda _: 0.49)
    assert texts(await heard(detector, max_silence=3.0)) == ["so well", "yes"]
    assert detector.asked == [("so", "en", each) for each in (0.2, 0.4, 0.8)]


def raises(_: float) -> float:
    raise OSError("no weights")


@pytest.mark.real_time
@pytest.mark.parametrize(
    "answer", [raises, lambda _: math.nan, lambda _: 1.5, lambda _: None, lambda _: "often"]
)
async def test_a_detector_that_fails_costs_nobody_a_turn_and_is_given_up(
    answer: Callable[[float], float], caplog: pytest.LogCaptureFixture
) -> None:
    detector = Scripted(answer)
    moments = await heard(detector, max_silence=1.5)
    assert GRAMMAR.fullmatch(letters(moments))
    assert texts(moments) == ["so well", "yes"]
    assert len(detector.asked) == 3
    assert "silence alone from now on" in caplog.text


@pytest.mark.real_time
async def test_a_detector_that_hangs_blocks_neither_the_turns_nor_the_block() -> None:
    stuck = threading.Event()

    def hang(_: float) -> float:
        stuck.wait(60)
        return 1.0

    detector = Scripted(hang)
    try:
        moments = await heard(detector, max_silence=1.5)
    finally:
        stuck.set()
    assert texts(moments) == ["so well", "yes"]
    assert len(detector.asked) == 1  # while it hangs it is not asked again


class Quiet(RecognizeStream):
    """Hears that nobody speaks."""

    async def _run(self) -> None:
        heard = 0.0
        async for item in self._input_ch:
            heard += item.duration if isinstance(item, AudioFrame) else 0.0
            self._report_silence(heard)


async def test_of_a_stream_on_which_nobody_speaks_no_more_than_eight_seconds_are_kept() -> None:
    kept: list[float] = []

    async def feed() -> None:
        for _ in range(600):
            stream.push_frame(silence(0.1))
            await anyio.sleep(0.1)
            items = stream._core_queue.log.items
            kept.append(sum(len(each) for each in items if isinstance(each, bytes)) / 32000)
        stream.end_input()

    async with (
        ScriptedSTT() as stt,
        Quiet(stt=stt, conn_options=APIConnectOptions()) as stream,
        anyio.create_task_group() as tg,
    ):
        tg.start_soon(feed)
        assert [each async for each in stream.turns(detector=Scripted(lambda _: 0.0))] == []
    assert 7.9 < max(kept[-100:]) <= 9.0
    assert max(kept) < 30


@pytest.mark.real_time
@pytest.mark.parametrize("before", [None, "sleeps", "never"])
async def test_another_detector_takes_over_in_the_middle_of_a_turn(before: str | None) -> None:
    stuck = threading.Event()
    sleeps = Scripted(lambda _: float(stuck.wait(60)) if before == "sleeps" else 0.0)
    sure = Scripted(lambda _: 1.0)
    ended: list[str] = []
    async with ScriptedSTT(SCRIPT) as stt, stt.stream() as stream:
        try:
            with anyio.fail_after(60):
                await stream.feed([silence(10.0)])
                turns = stream.turns(detector=sleeps if before else None, max_silence=30.0)
                async for moment in turns:
                    if isinstance(moment, EagerEndOfTurn) and not sure.asked:
                        turns.update_options(detector=sure)
                    ended += [moment.text] if isinstance(moment, EndOfTurn) else []
        finally:
            stuck.set()
    assert sure.asked
    assert " ".join(ended) == "so well yes"
    assert len(ended) > 1


@pytest.mark.heavy
def test_a_detector_that_hangs_does_not_keep_the_program_from_ending() -> None:
    program = """
import anyio, threading
from anyio_stt.testing import Hear, HearAll, ScriptedSTT, silence
from tests.test_turns import says

class Hangs:
    def judge(self, *_):
        threading.Event().wait()

async def main():
    script = [Hear(2.0), *says("so", 0.5, 1.0), Hear(2.0), *says("yes", 3.9, 4.0), HearAll()]
    async with ScriptedSTT(script) as stt, stt.stream() as stream, anyio.create_task_group() as tg:
        tg.start_soon(stream.feed, [silence(0.1) for _ in range(60)])
        async for moment in stream.turns(detector=Hangs(), max_silence=0.4):
            print(type(moment).__name__)

anyio.run(main, backend="BACKEND")
"""
    for backend in ("asyncio", "trio"):
        done = subprocess.run(
            [sys.executable, "-c", program.replace("BACKEND", backend)],
            capture_output=True, text=True, timeout=60, check=True, cwd=Path(__file__).parents[1],
        )  # fmt: skip
        assert done.stdout.split().count("EndOfTurn") == 2


@pytest.mark.real_time
async def test_the_detector_hears_the_last_seconds_before_the_silence_it_is_asked_about() -> None:
    rate = 8000
    second = [np.full(rate, 1000 * number, np.int16) for number in range(1, 16)]
    script: list[Step] = [Hear(13.0), *says("so", 0.5, 12.0), HearAll()]
    detector = Scripted(lambda _: 0.9)
    async with ScriptedSTT(script) as stt, stt.stream() as stream:
        turns = stream.turns(detector=detector, min_silence=0.5, max_silence=30.0)
        for samples in second:
            await stream.send_frame(AudioFrame.from_array(samples, rate))
        with anyio.fail_after(60):
            while not isinstance(await turns.__anext__(), EndOfTurn):
                pass
    (audio,) = detector.heard
    assert (audio.sample_rate, audio.num_channels) == (16000, 1)
    assert audio.duration == pytest.approx(8.0)
    kept = audio.to_array()
    # From 4.5 to 12.5 s of the stream; the resampler rings a little at its ends.
    assert kept[4000] == pytest.approx(5000, abs=20)
    assert kept[-4000] == pytest.approx(13000, abs=20)


@pytest.mark.real_time
async def test_each_channel_is_judged_by_its_own_audio() -> None:
    both = np.stack([np.full(16000, 100, np.int16), np.full(16000, 900, np.int16)], axis=1)
    order: list[Step] = [
        Hear(2.0),
        Say(SpeechEvent(START, time=0.5, channel=1)),
        Say(final("so", start=0.5, end=1.0, channel=1)),
        Say(SpeechEvent(END, time=1.0, channel=1)),
        HearAll(),
    ]
    detector = Scripted(lambda _: 0.9)
    async with ScriptedSTT(order) as stt, stt.stream() as stream:
        stream.push_frame(AudioFrame.from_array(np.concatenate([both, both]), 16000))
        turns = stream.turns(detector=detector, max_silence=30.0)
        with anyio.fail_after(60):
            while not isinstance(await turns.__anext__(), EndOfTurn):
                pass
    assert set(detector.heard[0].to_array()) == {900}


def test_an_answer_about_a_pause_that_has_passed_is_none() -> None:
    builder = TurnBuilder(TurnLimits())
    builder.add(SpeechEvent(START, time=0.0), 1.0, 0.0)
    builder.add(final("so", start=0.0, end=1.0), 1.0, 1.0)
    builder.add(SpeechEvent(END, time=1.0), 1.0, 1.0)
    assert builder.question(1.1) is None
    assert letters(builder.hear(1.3, 1.0)) == "E"
    question = builder.question(1.3)
    assert question is not None
    assert builder.question(1.3) is None
    assert letters(builder.add(SpeechEvent(START, time=1.5), 1.5, 1.0)) == "R"
    assert builder.answer(question, 1.0) == []
    builder.add(SpeechEvent(END, time=1.6), 1.6, 1.6)
    assert letters(builder.hear(1.9, 1.6)) == "E"
    assert builder.answer(question, 1.0) == []
    again = builder.question(1.9)
    assert again is not None
    assert letters(builder.answer(again, 0.5)) == "T"


def test_a_threshold_is_a_probability() -> None:
    with pytest.raises(ValueError, match=r"threshold.*1\.5"):
        TurnLimits(threshold=1.5)
