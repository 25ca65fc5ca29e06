"""The table and the picture of `python -m benchmarks.turns`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from ..accuracy import RATE
from .conversations import Conversation
from .rules import Outcome, Rule

_GUIDES = Path(__file__).parents[2] / "docs" / "guides"
_COST = "<!-- cost: written by python -m benchmarks.turns --cost -->"
_COST_END = "<!-- end of cost -->"
_BEGIN, _END = "<!-- turns: written by python -m benchmarks.turns -->", "<!-- end of turns -->"
_COLOURS = ("#495057", "#e8590c", "#0b7285", "#5f3dc4")
_WIDTH, _HEIGHT, _LEFT, _TOP = 330, 200, 56, 40
_LONGEST, _MOST = 2.0, 100.0  # seconds of delay, per cent cut off


@dataclass
class Measured:
    """One engine: CPU seconds for a second of audio and for a question, and what rules came to."""

    engine: str
    cost: float
    question: float = 0.0
    outcomes: dict[tuple[str, Rule], Outcome] = field(default_factory=dict)


def report(results: list[Measured], talks: list[Conversation]) -> str:
    turns = sum(len(talk.turns) for talk in talks)
    pauses = sum(turn.pauses for talk in talks for turn in talk.turns)
    seconds = sum(len(talk.samples) for talk in talks) / RATE
    lines = [
        (
            f"Measured on {len(talks)} conversations, {seconds:.0f} s, {turns} turns with {pauses} "
            f"pauses put in. Delays are seconds from the last word to `EndOfTurn`, median / 90 %."
        ),
        "",
    ]
    for measured in results:
        lines += [*_table(measured), "", *_costs(measured), ""]
    return "\n".join(lines).strip()


def _table(measured: Measured) -> list[str]:
    noises = list(dict.fromkeys(noise for noise, _ in measured.outcomes))
    columns = [f"{what}, {noise}" for noise in noises for what in ("cut off", "delay", "together")]
    lines = [f"| {measured.engine}: a turn ends after | {' | '.join(columns)} |"]
    lines.append("|---" * (1 + len(columns)) + "|")
    for rule in dict.fromkeys(rule for _, rule in measured.outcomes):
        cells = [
            cell
            for noise in noises
            for cell in _cells(measured.outcomes[noise, rule])
        ]  # fmt: skip
        lines.append(f"| {rule.name} | {' | '.join(cells)} |")
    return lines


def _cells(outcome: Outcome) -> tuple[str, str, str]:
    delays = f"{_seconds(outcome.median)} / {_seconds(outcome.p90)}"
    return f"{outcome.cut:.0f} %", delays, f"{outcome.together:.0f} %"


def _seconds(delay: float) -> str:
    return f"{delay:.2f}" if delay < math.inf else "none"


def _costs(measured: Measured) -> list[str]:
    told = f"{measured.engine} took {measured.cost:.3f} s of a core for a second of audio"
    asking = [
        outcome
        for (_, rule), outcome in measured.outcomes.items()
        if rule.asks and rule.limits.threshold == 0.5 and rule.limits.max_silence == 1.5
    ]
    if not asking:
        return [f"{told}: {1 / measured.cost:.0f} streams a core."]
    minute = sum(each.asked for each in asking) / len(asking)
    more = minute * measured.question / 60
    return [
        (
            f"{told}, {1 / measured.cost:.0f} streams a core. SmartTurn was asked {minute:.0f} "
            f"times a minute, {1000 * measured.question:.0f} ms each: {more:.3f} s more, "
            f"{1 / (measured.cost + more):.0f} streams a core."
        )
    ]


# ---- the picture


def chart(results: list[Measured]) -> str:
    """Return an SVG: for each engine and noise, turns cut off over the median delay."""
    places = [(each, noise) for each in results for noise in _noises(each)]
    columns = 2 if len(places) > 1 else 1
    rows = -(-len(places) // columns)
    width, height = columns * (_WIDTH + 2 * _LEFT), rows * (_HEIGHT + 2 * _TOP) + 30
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="sans-serif" font-size="11">'
        ),
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for index, (measured, noise) in enumerate(places):
        left = index % columns * (_WIDTH + 2 * _LEFT) + _LEFT
        top = index // columns * (_HEIGHT + 2 * _TOP) + _TOP
        parts += _panel(measured, noise, left, top)
    families = list(dict.fromkeys(rule.family for each in results for _, rule in each.outcomes))
    for index, family in enumerate(families):
        x = _LEFT + 150 * index
        parts.append(f'<circle cx="{x}" cy="{height - 14}" r="4" fill="{_COLOURS[index]}"/>')
        parts.append(_text(x + 8, height - 10, family))
    return "\n".join([*parts, "</svg>", ""])


def _noises(measured: Measured) -> list[str]:
    return list(dict.fromkeys(noise for noise, _ in measured.outcomes))


def _panel(measured: Measured, noise: str, left: float, top: float) -> list[str]:
    bottom = top + _HEIGHT
    parts = [
        f'<path d="M{left},{top}V{bottom}H{left + _WIDTH}" fill="none" stroke="#adb5bd"/>',
        _text(left, top - 12, f"{measured.engine}, {noise}: turns cut off, by delay"),
    ]
    for part in (0.25, 0.5, 0.75, 1.0):
        parts.append(_text(left + part * _WIDTH, bottom + 14, f"{part * _LONGEST:g} s", "middle"))
        parts.append(_text(left - 4, bottom - part * _HEIGHT + 4, f"{part * _MOST:g} %", "end"))
    families: dict[str, list[Outcome]] = {}
    for (heard, rule), outcome in measured.outcomes.items():
        if heard == noise and outcome.median < math.inf:
            families.setdefault(rule.family, []).append(outcome)
    names = list(dict.fromkeys(rule.family for _, rule in measured.outcomes))
    for family, outcomes in families.items():
        points = [
            (left + each.median / _LONGEST * _WIDTH, bottom - each.cut / _MOST * _HEIGHT)
            for each in outcomes
        ]
        colour = _COLOURS[names.index(family)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    return parts


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def write(text: str, picture: str) -> None:
    _put(text, _BEGIN, _END)
    (_GUIDES / "turns.svg").write_text(picture, encoding="utf-8")


def write_cost(text: str) -> None:
    _put(text, _COST, _COST_END)


def _put(text: str, begin: str, end: str) -> None:
    page = _GUIDES / "turns.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}", "utf-8")
