"""Sees every suspension of a coroutine: where it hands control to the event loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

__all__ = ("Stepped", "where")

_PLUMBING = ("anyio", "asyncio", "trio")


class Stepped(Coroutine[Any, Any, Any]):
    """
    A coroutine that tells each time before it hands control to the loop.

    Args:
        coro: the coroutine that does the work.
        on_suspend: called after it ran up to a suspension.
    """

    def __init__(self, coro: Coroutine[Any, Any, Any], on_suspend: Callable[[], None]) -> None:
        self._coro = coro
        self._on_suspend = on_suspend

    def send(self, value: Any) -> Any:
        return self._told(self._coro.send(value))

    def throw(self, *exc_info: Any) -> Any:
        return self._told(self._coro.throw(*exc_info))

    def close(self) -> None:
        self._coro.close()

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def __getattr__(self, name: str) -> Any:
        # Event loops ask a task's coroutine for its state: cr_running, cr_frame, ...
        return getattr(self._coro, name)

    def _told(self, trap: Any) -> Any:
        self._on_suspend()
        return trap


def where(awaiting: Any) -> str:
    """Name the innermost line that a suspended coroutine waits in, the event loop's left out."""
    place = "?"
    while awaiting is not None:
        frame = getattr(awaiting, "cr_frame", None) or getattr(awaiting, "gi_frame", None)
        if frame is not None and not _is_plumbing(frame.f_code.co_filename):
            code = frame.f_code
            place = f"{Path(code.co_filename).name}:{frame.f_lineno} in {code.co_name}"
        awaiting = getattr(awaiting, "cr_await", None) or getattr(awaiting, "gi_yieldfrom", None)
    return place


def _is_plumbing(filename: str) -> bool:
    return any(part in _PLUMBING for part in Path(filename).parts)
