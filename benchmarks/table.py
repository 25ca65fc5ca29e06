"""The report as text: Markdown, which reads well on a terminal too."""

from __future__ import annotations

from typing import Any

from .contestants import CONTESTANTS
from .runner import Result
from .summary import median, quartiles, verdict

__all__ = ("heading", "table")


def heading(machine: dict[str, Any]) -> str:
    """Say where and with what was measured."""
    lines = [f"{machine['system']}, {machine['processor']}, {machine['cores']} cores"]
    lines += [
        f"{name}: " + ", ".join(f"{package} {version}" for package, version in versions.items())
        for name, versions in machine["versions"].items()
    ]
    return "\n".join(f"- {line}" for line in lines)


def table(results: list[Result]) -> str:
    """Return medians with quartiles of all contestants, and who was not measured and why."""
    present = {name for result in results for name in result.values}
    order = [each.name for each in CONTESTANTS]
    names = sorted(present, key=lambda name: (order.index(name.split("@")[0]), name))
    rows = [["row", "", "unit", *names, "asyncio beside the better LiveKit"]]
    rows += [
        [
            str(result.row.number),
            result.line.name,
            result.line.unit
            if result.line.lower_is_better
            else f"{result.line.unit}, more is better",
            *(_cell(result, name) for name in names),
            verdict(result),
        ]
        for result in results
    ]
    return "\n".join([*_markdown(rows), *_absences(results)])


def _cell(result: Result, name: str) -> str:
    if median(result, name) is None:
        return ""
    q1, middle, q3 = quartiles(result.values[name])
    return f"{number(middle)} ({number(q1)} to {number(q3)})"


def number(value: float) -> str:
    """Write a number with three digits that mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _markdown(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def _absences(results: list[Result]) -> list[str]:
    why: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for name, reason in result.missing.items():
            why.setdefault((name, reason), []).append(str(result.row.number))
    found = [
        f"- {name} was not measured in row {', '.join(dict.fromkeys(numbers))}: {reason}"
        for (name, reason), numbers in why.items()
    ]
    return ["", *found] if found else []
