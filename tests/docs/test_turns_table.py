"""The table of a turn's states in the guide is what the rules do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from anyio_stt import SpeechEvent, SpeechEventType, TurnMoment
from anyio_stt._rules.turns import TurnBuilder, TurnLimits
from anyio_stt.testing import final

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "turns.md"
START, END = SpeechEventType.START_OF_SPEECH, SpeechEventType.END_OF_SPEECH
AT = {"no turn": 0.0, "open": 1.1, "perhaps over": 1.3}
"""How far the audio was heard in each state; its words end at 1.0."""


def rows() -> dict[str, dict[str, str]]:
    lines = GUIDE.read_text(encoding="utf-8").partition("| state |")[2].splitlines()
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    head, _, *body = cells[: cells.index([""])]
    return {state: dict(zip(head, row, strict=True)) for state, *row in body}


ROWS = rows()


def builder_in(state: str) -> TurnBuilder:
    builder = TurnBuilder(TurnLimits())
    if state != "no turn":
        builder.add(SpeechEvent(START, time=0.5), 0.6, 0.0)
        builder.add(final("so", start=0.5, end=1.0), 1.0, 1.0)
        builder.add(SpeechEvent(END, time=1.0), 1.1, 1.0)
    builder.hear(AT[state], AT[state])
    return builder


def state_of(builder: TurnBuilder) -> str:
    if builder._turn is None:
        return "no turn"
    return "open" if builder._turn.eager is None else "perhaps over"


HAPPENS: dict[str, Callable[[TurnBuilder], list[TurnMoment]]] = {
    "words": lambda each: each.add(final("well", start=1.1, end=1.4), 1.4, 1.4),
    "speech begins": lambda each: each.add(SpeechEvent(START, time=1.15), 1.4, 1.0),
    "silence of `min_silence`": lambda each: each.hear(1.35, 1.35),
    "silence of `max_silence`": lambda each: each.hear(2.6, 2.6),
    "the stream ends": lambda each: each.finish(),
}


def test_the_table_has_each_state_and_all_that_happens() -> None:
    assert list(ROWS) == list(AT)
    assert all(list(row) == list(HAPPENS) for row in ROWS.values())


@pytest.mark.parametrize("what", HAPPENS)
@pytest.mark.parametrize("state", AT)
def test_each_cell_is_what_the_rules_do(state: str, what: str) -> None:
    builder, cell = builder_in(state), ROWS[state][what]
    assert state_of(builder) == state
    moments = [type(each).__name__ for each in HAPPENS[what](builder)]
    assert moments == re.findall(r"`(\w+)`", cell)
    assert state_of(builder) == cell.rpartition(":")[2].strip()
