"""What the suite says of an engine that breaks the contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ("ContractViolation", "Violation")


@dataclass(frozen=True, slots=True)
class Violation:
    """
    One rule of the contract that an engine breaks.

    Args:
        id: the rule, such as "S9"; or "blocking", "capabilities" or "secrets", for rules without a
            number.
        check: the name of the check that saw it.
        seen: what was seen, and what should have been.
        reproduce: a program of a few lines that shows it.
    """

    id: str
    check: str
    seen: str
    reproduce: str

    def __str__(self) -> str:
        program = "\n".join(f"    {line}".rstrip() for line in self.reproduce.splitlines())
        return f"{self.id} ({self.check}): {self.seen}\n{program}"


class ContractViolation(AssertionError):
    """
    Raised when an engine breaks the contract; it lists every violation at once.

    Args:
        label: the engine's label.
        violations: what was seen.
    """

    def __init__(self, label: str, violations: Sequence[Violation]) -> None:
        self.violations: tuple[Violation, ...] = tuple(violations)
        listed = "\n\n".join(str(each) for each in self.violations)
        super().__init__(
            f"{label} breaks the contract in {len(self.violations)} place(s):\n\n{listed}"
        )
