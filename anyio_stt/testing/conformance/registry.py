"""What a check is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ("Check", "check")

_Function: TypeAlias = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Check:
    """
    One thing that is tried with an engine.

    Args:
        name: what reports call it.
        ids: the lines of the contract that it may find broken.
        needs: the capability it takes: "streaming", "offline_recognize" or "".
        run: does it, and notes what it sees on its subject.
    """

    name: str
    ids: tuple[str, ...]
    needs: str
    run: _Function


def check(*ids: str, needs: str = "streaming") -> Callable[[_Function], Check]:
    """Make a function a check that goes by its name."""

    def make(function: _Function) -> Check:
        name: str = function.__name__
        return Check(name.replace("_", "-"), ids, needs, function)

    return make
