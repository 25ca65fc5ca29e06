"""The table and the chart."""

from __future__ import annotations

from html import escape

from .run import Outcome
from .scenarios import SCENARIOS
from .score import Score

__all__ = ("chart", "table")

_ROW, _LEFT, _WIDTH = 16, 330, 420
_FONT = 'font-family="sans-serif" font-size="12"'
_COLOURS = ("#0b7285", "#5f3dc4", "#22b8cf", "#495057", "#adb5bd", "#e8590c", "#f08c00")


def table(outcomes: list[Outcome]) -> str:
    """Return one line for each contestant in each scenario, in Markdown."""
    lines = [
        "| what breaks | who | lost | doubled | longest wait | the end | left behind |",
        "|---|---|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        for name, score in outcome.scores.items():
            cells = [SCENARIOS[outcome.scenario].title, name, *_cells(score)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cells(score: Score | str) -> list[str]:
    if isinstance(score, str):
        return ["", "", "", _plain(score), ""]
    wait = "" if score.longest is None else f"{score.longest:.1f} s"
    end = _plain(score.end) if score.end else f"in order, {score.late:.1f} s after the speech"
    left = ", ".join(_counted(count, name) for name, count in score.left.items()) or "nothing"
    return [str(score.lost), str(score.doubled), wait, end, left]


def _counted(count: int, name: str) -> str:
    return f"{count} {name.removesuffix('s') if count == 1 else name}"


def _plain(text: str) -> str:
    first = text.splitlines()[0].replace("|", "/")
    return first if len(first) <= 90 else first[:87] + "..."


def chart(outcomes: list[Outcome], words: int) -> str:
    """Return an SVG picture of the words lost."""
    parts: list[str] = []
    y = 40
    for outcome in outcomes:
        parts.append(_text(10, y + 12, SCENARIOS[outcome.scenario].title, weight="bold"))
        y += _ROW + 4
        for index, (name, score) in enumerate(outcome.scores.items()):
            parts.append(_text(_LEFT - 10, y + 12, name, anchor="end"))
            if isinstance(score, str):
                parts.append(_text(_LEFT + 4, y + 12, _plain(score)))
            else:
                width = _WIDTH * score.lost / words
                parts.append(
                    f'<rect x="{_LEFT}" y="{y + 2}" width="{max(width, 1.5):.1f}" '
                    f'height="{_ROW - 4}" fill="{_COLOURS[index % len(_COLOURS)]}"/>'
                )
                doubled = f", {score.doubled} doubled" if score.doubled else ""
                parts.append(_text(_LEFT + width + 8, y + 12, f"{score.lost} lost{doubled}"))
            y += _ROW
        y += 12
    heading = f"Words lost of {words}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 {y}" {_FONT}>',
            f'<rect width="960" height="{y}" fill="white"/>',
            _text(10, 22, heading, weight="bold"),
            *parts,
            "</svg>",
            "",
        ]
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="#212529">{escape(text)}</text>'
    )
