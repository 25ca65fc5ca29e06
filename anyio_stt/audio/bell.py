"""Waking a task from another thread, which never waits for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any

import anyio
from anyio.lowlevel import current_token

__all__ = ("Bell", "Soon", "soon_here")

Soon = Callable[..., None]


def soon_here() -> Soon:
    """Return what schedules a call on this event loop from any thread, and never waits."""
    native: Any = current_token().native_token
    schedule = getattr(native, "call_soon_threadsafe", None) or native.run_sync_soon
    # Scheduled calls run in the caller's context, and that one believes in another event loop.
    context = copy_context()

    def soon(function: Callable[..., object], *args: object) -> None:
        with suppress(RuntimeError):  # the loop is gone, and who would have listened with it
            schedule(context.run, function, *args)

    return soon


class Bell:
    """Wakes tasks on one loop from another thread."""

    def __init__(self) -> None:
        self._soon: Soon | None = None
        self._events: list[anyio.Event] = []

    async def wait_for(self, ready: Callable[[], object]) -> None:
        """Wait until *ready*; who changes what it looks at rings afterwards."""
        while not ready():
            if self._soon is None:
                self._soon = soon_here()
            event = anyio.Event()
            self._events.append(event)
            if ready():  # it changed before the bell was hung up
                return
            await event.wait()

    def ring(self) -> None:
        """Let who waits look again; called from any thread."""
        if self._events and self._soon is not None:
            events, self._events = self._events, []
            for event in events:
                self._soon(event.set)
