"""The picture: for each line, how many times better than the newest LiveKit each contestant is."""

from __future__ import annotations

import math
from html import escape

from .runner import Result
from .summary import ahead, median
from .table import number

__all__ = ("chart",)

_RIVAL = "livekit-latest"
_COLOURS = {
    "anyio_stt-asyncio": "#0b7285",
    "anyio_stt-uvloop": "#22b8cf",
    "anyio_stt-trio": "#5f3dc4",
    "anyio_stt-samplerate": "#99e9f2",
    "livekit-0.12.7": "#adb5bd",
    "livekit-latest": "#495057",
    "pipecat": "#e8590c",
}
_BAR, _GAP, _LABEL, _WIDTH, _VALUES = 12, 14, 330, 520, 110
_TOP = 64
_FONT = 'font-family="sans-serif" font-size="11"'
_RANGE = (-2.0, 4.0)  # powers of two: a quarter to sixteen times


def chart(results: list[Result]) -> str:
    """Return an SVG picture; a bar to the right of the line marked 1 is better than LiveKit."""
    parts, y = [], float(_TOP)
    for result in results:
        names = [n for n in _COLOURS if ahead(result, n, _RIVAL) is not None]
        if len(names) < 2:
            continue
        middle = y + _BAR * len(names) / 2 + 4
        parts.append(_text(_LABEL - 10, middle, f"{result.row.number}. {result.line.name}", "end"))
        for name in names:
            parts.append(_bar(result, name, y))
            y += _BAR
        y += _GAP
    width, height = _LABEL + _WIDTH + _VALUES, int(y + 10)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {_FONT}>',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            *_legend(),
            *_scale(height),
            *parts,
            "</svg>",
            "",
        ]
    )


def _x(ratio: float) -> float:
    low, high = _RANGE
    return _LABEL + (min(max(math.log2(ratio), low), high) - low) / (high - low) * _WIDTH


def _bar(result: Result, name: str, y: float) -> str:
    ratio, value = ahead(result, name, _RIVAL), median(result, name)
    assert ratio is not None
    assert value is not None
    left, right = sorted((_x(1), _x(ratio)))
    return (
        f'<rect x="{left:.1f}" y="{y:.1f}" width="{max(right - left, 1.5):.1f}" '
        f'height="{_BAR - 2}" fill="{_COLOURS[name]}"/>'
        + _text(right + 4, y + 9, f"{number(value)} {result.line.unit}", "start", 9)
    )


def _text(x: float, y: float, text: str, anchor: str, size: int = 11) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="#212529">{escape(text)}</text>'
    )


def _legend() -> list[str]:
    parts, x = [], 12.0
    for name, colour in _COLOURS.items():
        parts.append(f'<rect x="{x}" y="12" width="10" height="10" fill="{colour}"/>')
        parts.append(_text(x + 14, 21, name, "start"))
        x += 24 + 7 * len(name)
    return parts


def _scale(height: int) -> list[str]:
    parts = [_text(_x(1), 40, "times better than livekit-latest", "middle")]
    for power in range(int(_RANGE[0]), int(_RANGE[1]) + 1):
        x, colour = _x(2.0**power), "#212529" if power == 0 else "#dee2e6"
        parts.append(
            f'<line x1="{x:.1f}" y1="58" x2="{x:.1f}" y2="{height - 8}" stroke="{colour}"/>'
        )
        parts.append(_text(x, 54, f"{2.0**power:g}", "middle", 9))
    return parts
