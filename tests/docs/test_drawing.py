"""The pictures say what the tables say that the code runs on."""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
from pathlib import Path
from types import ModuleType

from anyio_stt._rules.grammar import TABLE, Grammar, Segment, Signal
from anyio_stt._rules.lifecycle import TRANSITIONS, Action, State

DOCS = Path(__file__).parents[2] / "docs"


def load_drawing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("drawing", DOCS / "_ext" / "drawing.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["drawing"] = module
    spec.loader.exec_module(module)
    return module


drawing = load_drawing()
ARROW = re.compile(r'<g data-from="(\w+)" data-to="(\w+)">.*?<text[^>]*>([^<]*)</text></g>')
STATE = re.compile(
    r'<g class="state"><rect[^>]*/><text[^>]*>([^<]*)</text>(?:<text[^>]*>↻ ([^<]*)</text>)?'
)


def drawn_moves(picture: str) -> set[tuple[str, str, str]]:
    """Read from a picture what leads from which state to which."""
    moves = {
        (source, what, target)
        for source, target, label in ARROW.findall(picture)
        for what in label.split(", ")
    }
    for state, stays in STATE.findall(picture):
        moves |= {(state, what, state) for what in stays.split(", ") if what}
    return moves


def test_the_life_of_a_stream_is_drawn_as_the_table_has_it() -> None:
    moves = {
        (source.value, action.value, target.value)
        for source, row in TRANSITIONS.items()
        for action, target in row.items()
        if action is not Action.CLOSE or source is State.CLOSED
    }
    assert drawn_moves(drawing.lifecycle_svg()) == moves
    assert all(row[Action.CLOSE] is State.CLOSED for row in TRANSITIONS.values())


def test_every_state_is_drawn_in_a_place_of_its_own() -> None:
    assert set(drawing.PLACES) == set(State)
    for (ax, ay), (bx, by) in itertools.combinations(drawing.PLACES.values(), 2):
        assert abs(ax - bx) > drawing.WIDTH or abs(ay - by) > drawing.HEIGHT


def heard_after(signals: tuple[Signal, ...]) -> list[str]:
    grammar = Grammar()
    return [
        event for signal in signals for event in drawing.outputs(signal, grammar.accept(signal))
    ]


def test_the_order_of_events_is_what_the_grammar_lets_out_and_nothing_else() -> None:
    machine = drawing.order_of_events()
    used: set[tuple[int, str]] = set()
    for signals in itertools.product(Signal, repeat=5):
        state = 0
        for event in heard_after(signals):
            assert event in machine[state], f"{signals} let out {event} there"
            used.add((state, event))
            state = machine[state][event]
    assert used == {(state, event) for state, row in enumerate(machine) for event in row}


def test_the_order_of_events_is_drawn_as_it_was_worked_out() -> None:
    machine = drawing.order_of_events()
    moves = drawn_moves(drawing.order_svg())
    arrows = {
        (str(a), e, str(b)) for a, row in enumerate(machine) for e, b in row.items() if a != b
    }
    assert {move for move in moves if move[0].isdigit()} == arrows
    assert len(moves) == sum(map(len, machine))


def test_the_table_on_the_page_has_each_move() -> None:
    rows = re.findall(r"<tr><th title[^>]*>(\w+)</th>(.*?)</tr>", drawing.grammar_table())
    assert [name for name, _ in rows] == [talk.value for talk in TABLE]
    for name, cells in rows:
        found = re.findall(r"<td>(.*?)</td>", cells)
        for signal, text in zip(Signal, found, strict=True):
            move = TABLE[Segment(name)].get(signal)
            said = [] if move is None else [*(s.value for s in move[0]), f"→ {move[1].value}"]
            assert [part for part in text.split("<br>") if part] == said


def test_the_page_shows_every_drawing() -> None:
    page = (DOCS / "how-it-works.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```\{drawn\} ([\w-]+)$", page, re.MULTILINE)
    assert shown == ["lifecycle-svg", "order-svg", "grammar-table", "talk-list"]
