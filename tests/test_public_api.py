"""What is public changes on purpose only: in `tests/public_api.txt` too."""

from __future__ import annotations

import importlib

from tests.public_api import SNAPSHOT, lines

KNOWN = SNAPSHOT.read_text(encoding="utf-8").splitlines()


def can_be_imported(line: str) -> bool:
    """Whether the module of *line* is there without an extra that is missing here."""
    path = line.removeprefix("class ").split("(")[0].split(" = ")[0].split(".")
    for length in range(len(path) - 1, 0, -1):
        try:
            module = importlib.import_module(".".join(path[:length]))
        except ImportError:
            continue
        return hasattr(module, path[length])
    return False


def test_nothing_public_went_away_or_changed() -> None:
    now = set(lines())
    assert [line for line in KNOWN if line not in now and can_be_imported(line)] == []


def test_nothing_became_public_unnoticed() -> None:
    assert sorted(set(lines()) - set(KNOWN)) == [], "python -m tests.public_api writes it down"
