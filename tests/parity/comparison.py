"""Comparing what was seen, and saying it in the form of the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .differences import DIFFERENCES, NOTHING
from .subjects import Seen

__all__ = ("found", "listed", "row")

Found = tuple[str, str, Any, Any]


def found(ours: Seen, theirs: Seen) -> Iterator[Found]:
    """Yield every field that differs: scenario, field, ours, theirs."""
    for name in {**ours, **theirs}:
        here, there = ours.get(name, {}), theirs.get(name, {})
        for field in sorted({*here, *there}):
            mine, other = here.get(field, NOTHING), there.get(field, NOTHING)
            if mine != other:
                yield name, field, mine, other


def listed(version: str) -> list[Found]:
    """Return the rows that hold for *version*, in the same form."""
    rows = [each for each in DIFFERENCES if version in each.versions]
    return [(each.scenario, each.field, each.ours, each.theirs) for each in rows]


def row(each: Found, version: str) -> str:
    """Write *each* as a line of the table, its reason still to be given."""
    name, field, ours, theirs = each
    return f'Difference("{name}", "{field}", ("{version}",), "", {ours=}, {theirs=}),'
