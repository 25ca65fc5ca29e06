"""What one attempt of an engine reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

from anyio.lowlevel import checkpoint

from .._rules.audio_log import MARKER
from ..exceptions import StreamClosedError
from .journal import InputJournal
from .wakeup import BATCH

__all__ = ("InputReader", "ReadListener")


class ReadListener(Protocol):
    """Is told what a reader hands out."""

    def on_asked(self) -> None:
        """The engine asked for audio for the first time."""

    def on_marker(self) -> None:
        """The engine got a marker."""

    def on_audio_after_marker(self) -> None:
        """The engine got the first audio after a marker."""

    def on_input_ended(self) -> None:
        """The engine was told that nothing more comes."""


class InputReader(AsyncIterator[Any]):
    """
    Iterates audio frames and flush markers, from the first sample of the attempt.

    Cancelling a read loses nothing. A read is a checkpoint when it has to wait, and otherwise
    every 64 items at the latest.

    Args:
        journal: where the audio comes from.
        sentinel: what the engine is given for a marker.
        listener: told what is handed out.
    """

    __slots__ = (
        "_after_marker",
        "_asked",
        "_credit",
        "_items",
        "_journal",
        "_listener",
        "_log",
        "_sentinel",
        "closed",
    )

    def __init__(self, journal: InputJournal, sentinel: object, listener: ReadListener) -> None:
        self._journal = journal
        self._log = journal.log
        self._items = journal.log.items
        self._sentinel = sentinel
        self._listener = listener
        self._asked = False
        self._after_marker = False
        self._credit = 0  # items until the next look around
        self.closed = False

    def __aiter__(self) -> InputReader:
        return self

    async def __anext__(self) -> Any:
        # This runs for each frame of each stream, so it asks one question for many: what is
        # rare waits until the credit is used up, and what could be methods stands here.
        if self._credit <= 0:
            await self._look_around()
        self._credit -= 1
        log = self._log
        while log.cursor == len(self._items):
            if self._journal.ended:
                await self._end()
            self._credit = BATCH
            await self._journal.arrival.wait()
            if self.closed:
                await self._end()
        item = self._items[log.cursor]
        if self._journal.unnoted:
            self._journal.note_read()
        log.cursor += 1
        if item is MARKER:
            self._after_marker = True
            self._listener.on_marker()
            return self._sentinel
        log.position += item.samples_per_channel
        if log.position > log.trim_at:
            log.trim()
        if self._after_marker:
            self._after_marker = False
            self._listener.on_audio_after_marker()
        return item

    def close(self) -> None:
        """Hand out nothing more; the attempt is over."""
        self.closed = True
        self._credit = 0

    async def _look_around(self) -> None:
        if self.closed:
            await self._end()
        if self._asked:
            await checkpoint()
        else:
            self._asked = True
            self._listener.on_asked()
        self._credit = BATCH

    async def _end(self) -> None:
        await checkpoint()
        if self.closed:
            raise StreamClosedError("this attempt is over: its engine gets no more audio")
        self._listener.on_input_ended()
        raise StopAsyncIteration
