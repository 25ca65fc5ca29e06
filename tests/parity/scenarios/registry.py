"""The scenarios by name, and which requirements each is a proof of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from .recording import Record, error_seen

__all__ = ("PROOFS", "SCENARIOS", "run_all", "scenario")

Scenario = Callable[[Record], Awaitable[Any]]

SCENARIOS: dict[str, Scenario] = {}
PROOFS: dict[str, tuple[str, ...]] = {}
_LIMIT = 5.0


def scenario(*requirements: str) -> Callable[[Scenario], Scenario]:
    """Register a function as a scenario that proves *requirements*."""

    def register(function: Scenario) -> Scenario:
        name = getattr(function, "__name__", "")
        SCENARIOS[name], PROOFS[name] = function, requirements
        return function

    return register


async def run_all() -> dict[str, dict[str, Any]]:
    """Run every scenario, one after the other; one that hangs or breaks says so in its record."""
    return {name: await _run(function) for name, function in SCENARIOS.items()}


async def _run(function: Scenario) -> dict[str, Any]:
    record = Record()
    with anyio.move_on_after(_LIMIT) as scope:
        try:
            record.finish(await function(record))
        except Exception as exc:
            record.note("broke", error_seen(exc))
    if scope.cancelled_caught:
        record.note("hung", True)
    return record.finish()
