"""Pictures and tables of the rules, drawn from the tables that the code runs on."""

from __future__ import annotations

import inspect
import re
from enum import Enum
from html import escape

from anyio_stt._rules.grammar import TABLE, Segment, Signal, Step
from anyio_stt._rules.lifecycle import TRANSITIONS, Action, State

# Where the states are drawn; what leads from one to another is read from the table.
PLACES = {
    State.CREATED: (85, 150),
    State.OPEN: (270, 150),
    State.DRAINING: (485, 150),
    State.FINISHED: (690, 150),
    State.FAILED: (378, 260),
    State.CLOSED: (378, 370),
}
WIDTH, HEIGHT = 116, 50  # of a state's box


def comments(kind: type[Enum]) -> dict[str, str]:
    """Return what the source says beside the members of *kind*, by value."""
    return dict(re.findall(r'= "([^"]+)"  # (.*)', inspect.getsource(kind)))


# ---- the lifecycle


def lifecycle_edges() -> dict[tuple[State, State], list[str]]:
    """Return what leads from which state to which other; closing has an arrow of its own."""
    edges: dict[tuple[State, State], list[str]] = {}
    for source, row in TRANSITIONS.items():
        for action, target in row.items():
            if source is not target and action is not Action.CLOSE:
                edges.setdefault((source, target), []).append(action.value)
    return edges


def closes_from_everywhere() -> bool:
    return all(row.get(Action.CLOSE) is State.CLOSED for row in TRANSITIONS.values())


def lifecycle_svg() -> str:
    """Draw the states, what leads from one to the next, and what leaves a state as it is."""
    assert closes_from_everywhere()  # else the frame and its one arrow would not be true
    edges = "".join(arrow(PLACES[a], PLACES[b], ", ".join(v), (a.value, b.value))
                    for (a, b), v in lifecycle_edges().items())  # fmt: skip
    x, y = PLACES[State.CLOSED]
    frame = '<rect class="frame" x="12" y="22" width="750" height="276" rx="12"/>'
    frame += line((x, 298), (x, y - HEIGHT / 2), "close, from every state")
    boxes = "".join(state_box(state) for state in PLACES)
    return svg(774, 405, "The life of a stream", frame + edges + boxes)


def state_box(state: State) -> str:
    stays = [action.value for action, to in TRANSITIONS[state].items() if to is state]
    return box(PLACES[state], state.value, ", ".join(stays))


# ---- what a consumer sees


def outputs(signal: Signal, steps: tuple[Step, ...]) -> tuple[str, ...]:
    added = {Step.ADD_START: "START", Step.ADD_END: "END", Step.KEEP: signal.name}
    return tuple(added[step] for step in steps)


Position = tuple[Segment, tuple[str, ...]]  # where the base is, and what it has yet to let out


def silently(positions: set[Position]) -> frozenset[Position]:
    """Add every position that is reached without an event."""
    found, todo = set(positions), list(positions)
    while todo:
        talk, waiting = todo.pop()
        if waiting:
            continue
        for signal, (steps, target) in TABLE[talk].items():
            position = (target, outputs(signal, steps))
            if position not in found:
                found.add(position)
                todo.append(position)
    return frozenset(found)


def seen_from(positions: frozenset[Position]) -> dict[str, frozenset[Position]]:
    """Return which events may come next, and where each leads."""
    after: dict[str, set[Position]] = {}
    for talk, waiting in positions:
        if waiting:
            after.setdefault(waiting[0], set()).add((talk, waiting[1:]))
    return {event: silently(found) for event, found in after.items()}


def order_of_events() -> list[dict[str, int]]:
    """Return what a consumer can see as a small machine: for each state, event to next state."""
    start = silently({(Segment.QUIET, ())})
    machine = {start: seen_from(start)}
    todo = [start]
    while todo:
        for target in machine[todo.pop()].values():
            if target not in machine:
                machine[target] = seen_from(target)
                todo.append(target)
    return smallest(start, machine)


Machine = dict[frozenset[Position], dict[str, frozenset[Position]]]


def smallest(start: frozenset[Position], machine: Machine) -> list[dict[str, int]]:
    """Join states after which the same can be seen."""
    group = dict.fromkeys(machine, 0)
    while True:
        rows = {s: tuple(sorted((e, group[t]) for e, t in machine[s].items())) for s in machine}
        kinds: dict[tuple[int, object], int] = {}
        finer = {s: kinds.setdefault((group[s], rows[s]), len(kinds)) for s in machine}
        if len(kinds) == len(set(group.values())):
            break
        group = finer
    numbers: dict[int, int] = {}
    todo, joined = [start], []
    while todo:
        state = todo.pop(0)
        if group[state] not in numbers:
            numbers[group[state]] = len(numbers)
            joined.append(machine[state])
            todo += machine[state].values()
    return [{event: numbers[group[to]] for event, to in row.items()} for row in joined]


def order_svg() -> str:
    """Draw the machine of `order_of_events` in a line."""
    machine = order_of_events()
    places = [(105 + 270 * number, 90) for number in range(len(machine))]
    edges, boxes = "", ""
    for number, row in enumerate(machine):
        for target in sorted(set(row.values()) - {number}):
            label = ", ".join(event for event, to in row.items() if to == target)
            bend = 46 if target < number else -46 if number in machine[target].values() else 0
            edges += arrow(places[number], places[target], label, (str(number), str(target)), bend)
        stays = ", ".join(sorted(event for event, to in row.items() if to == number))
        boxes += box(places[number], name_of(machine, number), stays)
    return svg(210 + 270 * (len(machine) - 1), 180, "The order of events", edges + boxes)


def name_of(machine: list[dict[str, int]], number: int) -> str:
    if "END" in machine[number]:
        return "speech"
    return "after speech" if number else "nothing yet"


# ---- the grammar as a table


def grammar_table() -> str:
    """Write the table: a row for each state, a column for each signal."""
    told = comments(Segment)
    head = "".join(f"<th>{escape(signal.value)}</th>" for signal in Signal)
    body = "".join(
        f'<tr><th title="{escape(told.get(talk.value, ""))}">{talk.value}</th>'
        + "".join(f"<td>{cell(row.get(signal))}</td>" for signal in Signal)
        + "</tr>"
        for talk, row in TABLE.items()
    )
    table = f'<table class="docutils rules"><tr><th>state</th>{head}</tr>{body}</table>'
    return f'<div class="table-wrapper">{table}</div>'


def cell(move: tuple[tuple[Step, ...], Segment] | None) -> str:
    if move is None:
        return ""
    steps, target = move
    said = "".join(f"{step.value}<br>" for step in steps)
    return f"{said}→ {target.value}"


def talk_list() -> str:
    """Say what each state means, in the words of the source."""
    rows = (f"<dt>{value}</dt><dd>{escape(text)}</dd>" for value, text in comments(Segment).items())
    return f'<dl class="states">{"".join(rows)}</dl>'


# ---- the pencil


def svg(width: float, height: float, title: str, inside: str) -> str:
    head = (
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        'markerHeight="7" orient="auto-start-reverse"><path class="tip" d="M0 0L10 5L0 10z"/>'
        f"</marker></defs><title>{escape(title)}</title>"
    )
    return f'<svg class="diagram" role="img" viewBox="0 0 {width} {height}">{head}{inside}</svg>'


def box(center: tuple[float, float], name: str, below: str) -> str:
    x, y = center
    up = 5 if not below else -3
    small = f'<text class="small" x="{x}" y="{y + 15}">↻ {escape(below)}</text>' if below else ""
    return (
        f'<g class="state"><rect x="{x - WIDTH / 2}" y="{y - HEIGHT / 2}" width="{WIDTH}" '
        f'height="{HEIGHT}" rx="8"/><text x="{x}" y="{y + up}">{escape(name)}</text>{small}</g>'
    )


def arrow(
    start: tuple[float, float],
    end: tuple[float, float],
    label: str,
    joins: tuple[str, str],
    bend: float = 0,
) -> str:
    """Draw from the edge of one box to that of another, straight or around."""
    first, last = edge_towards(start, end), edge_towards(end, start)
    return f'<g data-from="{joins[0]}" data-to="{joins[1]}">{line(first, last, label, bend)}</g>'


def edge_towards(center: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    dx, dy = other[0] - center[0], other[1] - center[1]
    part = min(WIDTH / 2 / abs(dx) if dx else 9e9, HEIGHT / 2 / abs(dy) if dy else 9e9)
    return center[0] + dx * part, center[1] + dy * part


def line(first: tuple[float, float], last: tuple[float, float], label: str, bend: float = 0) -> str:
    lift = bend / 4
    (ax, ay), (bx, by) = (first[0], first[1] + lift), (last[0], last[1] + lift)
    mx, my = (ax + bx) / 2, (ay + by) / 2 + bend
    tx, ty = mx, (ay + by) / 2 + bend / 2
    wide = 7.0 * len(label) + 8
    return (
        f'<path class="edge" d="M{ax:.0f} {ay:.0f}Q{mx:.0f} {my:.0f} {bx:.0f} {by:.0f}" '
        f'marker-end="url(#tip)"/><rect class="behind" x="{tx - wide / 2:.0f}" y="{ty - 9:.0f}" '
        f'width="{wide:.0f}" height="18"/><text class="label" x="{tx:.0f}" y="{ty + 4:.0f}">'
        f"{escape(label)}</text>"
    )
