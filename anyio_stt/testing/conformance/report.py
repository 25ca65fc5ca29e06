"""Collects what the checks see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .recipes import recipe
from .violations import Violation

__all__ = ("Report",)


class Report:
    """
    The violations seen so far.

    Args:
        make: makes what is tried, for the programs that reproduce them.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._made_by = make
        self.streamed: bool = False
        """Whether the programs put the engine behind a detector."""
        self._check = ""
        self.violations: list[Violation] = []

    def violate(self, contract_id: str, seen: str, *lines: str, **values: Any) -> None:
        """
        Note a violation.

        Args:
            contract_id: the line of the contract.
            seen: what was seen.
            lines: the body of the program that shows it; see `recipe`.
            values: what the lines name in braces.
        """
        program = recipe(self._made_by, lines, values, streamed=self.streamed)
        self.violations.append(Violation(contract_id, self._check, seen, program))

    @contextmanager
    def checking(self, name: str) -> Iterator[None]:
        """Name the check whose violations follow."""
        self._check = name
        try:
            yield
        finally:
            self._check = ""
