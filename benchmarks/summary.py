"""Values into medians and quartiles, and who is ahead of whom."""

from __future__ import annotations

import statistics
from typing import Any

from .runner import Result

__all__ = ("OURS", "ahead", "as_json", "quartiles", "verdict")

OURS = "anyio_stt-asyncio"
_FLAT = 1.5  # measured growth below this is noise and caches
_RIVALS = ("livekit-latest", "livekit-0.12.7")


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Return first quartile, median and third quartile."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive")
    return q1, median, q3


def median(result: Result, name: str) -> float | None:
    """Return a contestant's median, or None when it was not measured."""
    return statistics.median(result.values[name]) if name in result.values else None


def ahead(result: Result, name: str, rival: str) -> float | None:
    """Return how many times better than `rival` a contestant is; below 1 it loses."""
    one, other = median(result, name), median(result, rival)
    if one is None or other is None or not one or not other:
        return None
    if result.line.unit == "dB":  # a scale of ratios already
        return 10 ** ((one - other) / 20)
    return other / one if result.line.lower_is_better else one / other


def verdict(result: Result) -> str:
    """Say how ours on asyncio stands to the better of the LiveKits, or whether it is flat."""
    if result.line.unit == "x":
        growth = median(result, OURS)
        return "" if growth is None else "flat" if growth < _FLAT else "GROWS"
    ratios = [each for each in (ahead(result, OURS, rival) for rival in _RIVALS) if each]
    if not ratios:
        return ""
    return f"{min(ratios):.2f} x" if min(ratios) >= 1 else f"LOSES {min(ratios):.2f} x"


def as_json(result: Result) -> dict[str, Any]:
    """Return the line that `--json` writes; machine, versions and absences are in the report."""
    contestants = {}
    for name, values in result.values.items():
        q1, middle, q3 = quartiles(values)
        contestants[name] = {"median": middle, "q1": q1, "q3": q3}
    return {
        "row": result.row.number,
        "name": result.line.name,
        "unit": result.line.unit,
        "lower_is_better": result.line.lower_is_better,
        "contestants": contestants,
    }
