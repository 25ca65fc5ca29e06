"""The scores of the chaos benchmark are right, and a few seconds of it run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from benchmarks.chaos.report import table
from benchmarks.chaos.run import CONTESTANTS, Outcome
from benchmarks.chaos.scenarios import SCENARIOS
from benchmarks.chaos.score import Score, Speech

CHECKOUT = Path(__file__).resolve().parent.parent
SPEECH = Speech(40)


def answer(words: list[str], after: float = 1.0) -> dict[str, object]:
    when = dict(zip(SPEECH.words, SPEECH.ends(), strict=True))
    heard = [(word, when.get(word, 0.0) + after) for word in words]
    return {"heard": heard, "end": "", "ended": SPEECH.seconds + 2.0, "left": {"tasks": 0}}


def test_the_speech_has_500_words_a_minute_and_each_ends_inside_of_it() -> None:
    minute = Speech(500)
    assert minute.seconds == pytest.approx(60, abs=1)
    assert len(minute.words) == len(minute.ends()) == 500
    assert minute.ends()[-1] < minute.seconds


def test_what_was_heard_whole_lost_nothing() -> None:
    score = Score.of(SPEECH, answer(SPEECH.words))
    assert (score.lost, score.doubled, score.end, score.left) == (0, 0, "", {})
    assert score.longest == pytest.approx(1.0)
    assert score.late == pytest.approx(2.0)


def test_a_gap_is_lost_and_a_repeat_is_doubled() -> None:
    words = SPEECH.words
    score = Score.of(SPEECH, answer([*words[:10], *words[15:30], *words[28:]]))
    assert (score.lost, score.doubled) == (5, 2)


def test_a_word_that_is_said_again_is_paired_with_its_own_time() -> None:
    speech = Speech(600)  # 500 different words
    words = [word for n, word in enumerate(speech.words) if n >= 500 or n % 10]
    when = [end for n, end in enumerate(speech.ends()) if n >= 500 or n % 10]
    heard = [(word, end + 1.0) for word, end in zip(words, when, strict=True)]
    score = Score.of(speech, {"heard": heard, "end": "", "ended": 100.0, "left": {}})
    assert (score.lost, score.doubled) == (50, 0)
    assert score.longest == pytest.approx(1.0)


def test_who_heard_nothing_lost_all_of_it() -> None:
    score = Score.of(SPEECH, answer([]))
    assert (score.lost, score.longest) == (40, None)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_seed_breaks_the_same(name: str) -> None:
    scenario = SCENARIOS[name]
    assert scenario.faults(Random(3), 60.0) == scenario.faults(Random(3), 60.0)


def test_the_table_shows_who_could_not_take_part_and_why() -> None:
    shown = table([Outcome("torn", {"somebody": "not installed: no such version"})])
    assert "| somebody |  |  |  | not installed: no such version |  |" in shown


def test_everybody_that_is_listed_has_a_file() -> None:
    for who in CONTESTANTS:
        assert (CHECKOUT / f"benchmarks/chaos/contestants/{who.module}.py").is_file()


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_a_torn_connection_costs_us_no_word_on_either_loop() -> None:
    command = [sys.executable, "-m", "benchmarks.chaos", "--quick", "--here", "--seed", "1"]
    made = subprocess.run(
        [*command, "--contestants", "anyio_stt"], cwd=CHECKOUT, capture_output=True, text=True,
        check=False, timeout=590,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    rows = [line for line in made.stdout.splitlines() if "| anyio_stt, " in line]
    assert len(rows) == 4
    assert [row for row in rows if "| 0 | 0 |" not in row or "in order" not in row] == []
