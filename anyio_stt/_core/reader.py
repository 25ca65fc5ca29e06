"""What one attempt of an engine reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any, Protocol

from anyio.lowlevel import checkpoint

from .._rules.audio_log import MARKER, Marker
from ..audio.frame import AudioFrame
from ..exceptions import StreamClosedError
from .journal import InputJournal

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
    once for each second of audio.

    Args:
        journal: where the audio comes from.
        sentinel: what the engine is given for a marker.
        listener: told what is handed out.
    """

    __slots__ = (
        "_after_marker",
        "_asked",
        "_attend",
        "_items",
        "_journal",
        "_lent",
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
        self._lent: Iterator[AudioFrame | Marker] = iter(())
        self._after_marker = False
        self._attend = True  # to what is rare
        self.closed = False

    def __aiter__(self) -> InputReader:
        return self

    async def __anext__(self) -> Any:
        # This runs for each frame of each stream: what is rare hides behind one question, and
        # what could be methods stands here.
        for item in self._lent:
            return item
        if self._attend:
            await self._look_around()
        log, items = self._log, self._items
        cursor = log.cursor
        while cursor == len(items):
            journal = self._journal
            if journal.ended:
                await self._end()
            await journal.arrival.wait()
            if self.closed:
                await self._end()
            cursor = log.cursor
        item = items[cursor]
        reached = log.reached + item.samples_per_channel
        if reached > log.gate or cursor + 1 < len(items):
            return self._take(item)
        items[cursor] = item.pcm
        log.cursor = cursor + 1
        log.reached = reached
        return item

    def waiting(self, most: int) -> list[AudioFrame]:
        """Return up to *most* frames that wait behind the last one, before the next marker."""
        return list(islice(self._lent, most))  # type: ignore[arg-type]

    def close(self) -> None:
        """Hand out nothing more; the attempt is over."""
        self.closed = self._attend = True
        self._log.recall()

    def _take(self, item: AudioFrame | Marker) -> Any:
        self._journal.note_read()
        self._attend = self._log.take(item)
        self._lent = self._log.lend()
        if item is MARKER:
            self._after_marker = True
            self._listener.on_marker()
            return self._sentinel
        if self._after_marker:
            self._after_marker = False
            self._listener.on_audio_after_marker()
        return item

    async def _look_around(self) -> None:
        if self.closed:
            await self._end()
        self._attend = False
        if not self._asked:
            self._asked = True
            self._listener.on_asked()
        elif self._log.cursor < len(self._items):  # or it waits, which is a checkpoint too
            await checkpoint()

    async def _end(self) -> None:
        await checkpoint()
        if self.closed:
            raise StreamClosedError("this attempt is over: its engine gets no more audio")
        self._listener.on_input_ended()
        raise StopAsyncIteration
