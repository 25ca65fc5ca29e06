"""The measure of turns: its conversations and its judgement; no figure of an engine is asserted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from anyio.lowlevel import checkpoint

pytest.importorskip("trio")

from anyio_stt import SpeechEvent, SpeechEventType
from anyio_stt._rules.turns import Question, TurnLimits
from anyio_stt._turns.heard_audio import TurnAudio
from anyio_stt.testing import autojump_backends, final, silence
from benchmarks.accuracy import RATE, own_recordings
from benchmarks.turns import report
from benchmarks.turns.conversations import Conversation, Turn, conversation, power
from benchmarks.turns.cost import OwnCost, Talkative, own_cost
from benchmarks.turns.hearing import Tick
from benchmarks.turns.rules import Outcome, Rule, outcome, rules


def test_a_conversation_has_each_recording_once_with_two_seconds_between() -> None:
    talk = conversation(own_recordings(), 1, None)
    assert len(talk.turns) == 2
    first, second = talk.turns
    assert second.start - first.end == pytest.approx(2.0)
    assert talk.turns == conversation(own_recordings(), 1, None).turns
    assert not talk.samples[round(first.end * RATE) : round(second.start * RATE)].any()
    for turn in talk.turns:
        samples = talk.samples[round(turn.start * RATE) : round(turn.end * RATE)]
        assert (power(samples) == 0).sum() >= 20 * turn.pauses


def heard(until: float, *events: tuple[float, SpeechEvent]) -> list[Tick]:
    """Make ticks up to a time, with events at theirs."""
    ticks = [Tick(float(at), float(at), None) for at in np.arange(0, until, 0.05)]
    ticks += [Tick(at, at, event) for at, event in events]
    return sorted(ticks, key=lambda tick: tick.heard)


def marked(kind: SpeechEventType, time: float) -> tuple[float, SpeechEvent]:
    return time, SpeechEvent(kind, time=time)


START, END = SpeechEventType.START_OF_SPEECH, SpeechEventType.END_OF_SPEECH
TALK = Conversation("clean", np.zeros(1, np.int16), [Turn(0.5, 4.0, 1), Turn(6.0, 7.0, 0)])
TICKS = heard(
    9.0,
    marked(START, 0.5),
    (2.0, final("so", start=0.5, end=2.0)),
    marked(END, 2.0),
    marked(START, 3.0),
    (4.0, final("well", start=3.0, end=4.0)),
    marked(END, 4.0),
    marked(START, 6.0),
    (7.0, final("yes", start=6.0, end=7.0)),
    marked(END, 7.0),
)


def judged(rule: Rule, judge: Any = lambda _: 0.0) -> Outcome:
    return outcome([(TALK, TICKS, judge)], rule, takes=0.1)


def test_a_short_silence_cuts_off_and_a_long_one_makes_wait_or_runs_together() -> None:
    short = judged(Rule("silence", TurnLimits(max_silence=0.6), False))
    assert (short.cut, short.together) == (50.0, 0.0)
    assert short.median == pytest.approx(0.6, abs=0.06)
    long = judged(Rule("silence", TurnLimits(max_silence=1.5), False))
    assert (long.cut, long.together) == (0.0, 0.0)
    assert long.median == pytest.approx(1.5, abs=0.06)
    assert judged(Rule("silence", TurnLimits(max_silence=2.5), False)).together == 100.0


def test_a_detector_that_knows_ends_turns_soon_and_cuts_none_off() -> None:
    def knows(question: Question) -> float:
        return 0.9 if question.position > 4.0 else 0.1

    good = judged(Rule("SmartTurn", TurnLimits(max_silence=30.0), True), knows)
    assert (good.cut, good.together) == (0.0, 0.0)
    assert good.median == pytest.approx(0.35, abs=0.06)
    assert good.asked > 0


def test_what_turns_themselves_cost_is_told_and_lands_between_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, options = autojump_backends()["asyncio"]
    cost = own_cost(2, 5.0, 1, backend=loop, backend_options=options)
    assert cost.events > 0
    page = tmp_path / "turns.md"
    page.write_text(f"before\n{report._COST}\nold\n{report._COST_END}\nafter\n")
    monkeypatch.setattr(report, "_GUIDES", tmp_path)
    report.write_cost(OwnCost(0.0004, 0.0002, 0.0001).report())
    text = page.read_text()
    assert "old" not in text
    assert text.endswith("\nafter\n")
    assert "took 200 µs more (0.020 % of a core, 5000 streams a core)" in text
    assert "question to a detector 100 µs" in text


async def test_turns_are_not_woken_by_each_frame_of_audio_that_comes_in_bursts() -> None:
    looks = 0

    async def feed_in_bursts() -> None:
        for _ in range(10):
            for _ in range(50):
                stream.push_frame(silence(0.02))
                await checkpoint()
            await anyio.sleep(1.0)
        stream.end_input()

    def counted(audio: TurnAudio) -> None:
        nonlocal looks
        looks += 1
        look(audio)

    async with (
        Talkative() as stt,
        stt.stream() as stream,
        anyio.create_task_group() as tg,
    ):
        tg.start_soon(feed_in_bursts)
        turns = stream.turns(max_gap=1.5)
        look = turns._look
        turns._look = counted  # type: ignore[method-assign]
        moments = [each async for each in turns]
    assert moments
    assert looks < 100  # of 500 frames


def test_the_report_lands_between_its_marks_with_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "turns.md"
    page.write_text(f"before\n{report._BEGIN}\nold\n{report._END}\nafter\n")
    monkeypatch.setattr(report, "_GUIDES", tmp_path)
    some = Outcome(10.0, 0.0, 0.5, math.inf, 2, 3.0)
    measured = report.Measured("sherpa", 0.05, 0.06, {("clean", rule): some for rule in rules()})
    report.write(report.report([measured], [TALK]), report.chart([measured]))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| 1 s of silence | 10 % | 0.50 / none | 0 % |" in text
    assert "streams a core" in text
    assert (tmp_path / "turns.svg").read_text().startswith("<svg")
