"""Audio and events on their way between two event loops."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

from ..audio.bell import Bell, Soon
from ..audio.frame import AudioFrame

__all__ = ("MOST_AHEAD", "Crossing")

MOST_AHEAD = 1.0
"""Seconds of audio that may wait in the plugin's loop: more would pass for heard."""


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
