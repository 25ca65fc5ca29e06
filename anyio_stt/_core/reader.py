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
        "_journal",
        "_listener",
        "_sentinel",
        "_taken",
        "closed",
    )

    def __init__(self, journal: InputJournal, sentinel: object, listener: ReadListener) -> None:
        self._journal = journal
        self._sentinel = sentinel
        self._listener = listener
        self._asked = False
        self._after_marker = False
        self._taken = 0  # items since the last checkpoint
        self.closed = False

    def __aiter__(self) -> InputReader:
        return self

    async def __anext__(self) -> Any:
        # One coroutine for each frame of each stream: what could be methods stands here.
        if not self._asked:
            self._asked = True
            self._listener.on_asked()
        journal, log = self._journal, self._journal.log
        self._taken += 1
        if self._taken >= BATCH:
            self._taken = 0
            await checkpoint()
        while log.cursor == len(log.items):
            if journal.ended or self.closed:
                await self._end()
            self._taken = 0
            await journal.arrival.wait()
        if self.closed:
            await self._end()
        item = log.take()
        if journal.room is not None:
            journal.notify_room()
        if item is MARKER:
            self._after_marker = True
            self._listener.on_marker()
            return self._sentinel
        if self._after_marker:
            self._after_marker = False
            self._listener.on_audio_after_marker()
        return item

    def close(self) -> None:
        """Hand out nothing more; the attempt is over."""
        self.closed = True

    async def _end(self) -> None:
        await checkpoint()
        if self.closed:
            raise StreamClosedError("this attempt is over: its engine gets no more audio")
        self._listener.on_input_ended()
        raise StopAsyncIteration
