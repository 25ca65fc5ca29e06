"""What an engine opened and the base closes: connections, pools, files."""

from __future__ import annotations

from typing import Protocol, TypeVar

import anyio

from .emitter import logger

__all__ = ("Closable", "Resources")


class Closable(Protocol):
    """Anything with an `aclose`."""

    async def aclose(self) -> object:
        """Close it; called once."""


ClosableT = TypeVar("ClosableT", bound=Closable)


class Resources:
    """
    Closes what was added, the last first, whatever happens meanwhile.

    Args:
        label: whose they are.
    """

    __slots__ = ("_label", "_open")

    def __init__(self, label: str) -> None:
        self._label = label
        self._open: list[Closable] = []

    def __bool__(self) -> bool:
        return bool(self._open)

    def add(self, resource: ClosableT) -> ClosableT:
        """Take charge of *resource*, and return it."""
        self._open.append(resource)
        return resource

    async def aclose(self, seconds: float) -> None:
        """Close all, cancelled or not; each gets so many seconds. What fails is logged."""
        while self._open:
            resource = self._open.pop()
            with anyio.move_on_after(seconds, shield=True) as scope:
                try:
                    await resource.aclose()
                except Exception:  # noqa: BLE001 - nobody waits for it; it is logged
                    logger.warning("%s could not close %r", self._label, resource, exc_info=True)
            if scope.cancelled_caught:
                logger.warning("%s could not close %r in %g s", self._label, resource, seconds)
