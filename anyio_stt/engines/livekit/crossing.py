"""Audio and events on their way between two event loops."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any

import anyio
from anyio.lowlevel import current_token

from ...audio.frame import AudioFrame

__all__ = ("MOST_AHEAD", "Bell", "Crossing", "Soon", "soon_here")

Soon = Callable[..., None]

MOST_AHEAD = 1.0
"""Seconds of audio that may wait in the plugin's loop: more would pass for heard."""


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


class Crossing:
    """
    One stream's way to a plugin in another thread, and back.

    Args:
        soon: schedules a call on our loop.
        say: is given what the plugin says, on our loop.
    """

    def __init__(self, soon: Soon, say: Callable[..., None]) -> None:
        self._soon = soon
        self._say = say
        self._items: deque[Any] = deque()
        self._given = self._taken = 0.0  # seconds; each is written by one thread only
        self._asked = self._ended = False
        self._plugin, self._pump = Bell(), Bell()

    async def pump(self, source: AsyncIterator[Any]) -> None:
        """Bring over what *source* gives, from when the plugin first asks; runs on our loop."""
        await self._pump.wait_for(lambda: self._asked)
        async for item in source:
            self._items.append(item)
            if isinstance(item, AudioFrame):
                self._given += item.duration
            self._plugin.ring()
            if self._given - self._taken >= MOST_AHEAD:
                await self._pump.wait_for(lambda: self._given - self._taken < MOST_AHEAD)
        self._ended = True
        self._plugin.ring()

    def say(self, *event: Any) -> None:
        """Send an event back; called in the plugin's thread."""
        self._soon(self._say, *event)

    def __aiter__(self) -> Crossing:
        return self

    async def __anext__(self) -> Any:
        """Return the next item; called in the plugin's loop."""
        if not self._asked:
            self._asked = True
            self._pump.ring()
        if not self._items:
            await self._plugin.wait_for(lambda: self._items or self._ended)
            if not self._items:
                raise StopAsyncIteration
        item = self._items.popleft()
        if isinstance(item, AudioFrame):
            self._taken += item.duration
            self._pump.ring()
        return item
