"""What one attempt of an engine reads: first what must be heard again, then what comes in."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Protocol

import anyio
from anyio.lowlevel import checkpoint

from .._rules.replay import MARKER, Marker, Replay
from ..audio.cutting import FrameCutter
from ..audio.frame import AudioFrame
from ..exceptions import StreamClosedError
from .channel import BATCH
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
    every 64 items at the latest.

    Args:
        journal: where the audio comes from.
        replay: what this attempt hears first.
        sentinel: what the engine is given for a marker.
        listener: told what is handed out.
    """

    __slots__ = (
        "_after_marker",
        "_asked",
        "_channel",
        "_cutter",
        "_journal",
        "_listener",
        "_ready",
        "_sentinel",
        "closed",
        "origin",
        "position",
    )

    def __init__(
        self, journal: InputJournal, replay: Replay, sentinel: object, listener: ReadListener
    ) -> None:
        self._journal = journal
        self._channel = journal.channel
        self._sentinel = sentinel
        self._listener = listener
        self._asked = False
        self._after_marker = False
        self._cutter: FrameCutter | None = None
        self._ready: deque[AudioFrame | Marker] = deque()
        self.closed = False
        self.origin = replay.origin
        self.position = replay.origin
        """Where in the stream the engine has come to, in samples."""
        if replay.items:
            self._prepare(replay)

    def __aiter__(self) -> InputReader:
        return self

    async def __anext__(self) -> Any:
        if not self._asked:
            self._asked = True
            self._listener.on_asked()
        item = await self._next_ready() if self._ready else await self._next_live()
        if item is MARKER:
            self._after_marker = True
            self._listener.on_marker()
            return self._sentinel
        self.position += item.samples_per_channel  # type: ignore[union-attr]
        if self._after_marker:
            self._after_marker = False
            self._listener.on_audio_after_marker()
        return item

    def close(self) -> None:
        """Hand out nothing more; the attempt is over."""
        self.closed = True

    async def _next_live(self) -> AudioFrame | Marker:
        channel = self._channel
        while True:
            if channel.items and channel.taken < BATCH:  # receive() without a coroutine
                channel.taken += 1
                item = channel.items.popleft()
            else:
                try:
                    item = await channel.receive()
                except anyio.EndOfStream:
                    self._listener.on_input_ended()
                    raise StopAsyncIteration from None
            if self.closed:
                channel.items.appendleft(item)
                raise StreamClosedError("this attempt is over; another one reads the audio now")
            self._journal.note_read(item)
            if self._cutter is None:
                return item
            self._recut(item)
            if self._ready:
                return self._ready.popleft()

    async def _next_ready(self) -> AudioFrame | Marker:
        self._channel.taken += 1
        if self._channel.taken >= BATCH:
            self._channel.taken = 0
            await checkpoint()
        return self._ready.popleft()

    # ---- an attempt that begins inside a frame cuts everything anew

    def _prepare(self, replay: Replay) -> None:
        if self._journal.cut_size:
            self._cutter = FrameCutter(self._journal.cut_size)
            for item in replay.items:
                self._recut(item)
        else:
            self._ready.extend(replay.items)

    def _recut(self, item: AudioFrame | Marker) -> None:
        assert self._cutter is not None
        if isinstance(item, AudioFrame):
            self._ready.extend(self._cutter.push(item))
            return
        rest = self._cutter.flush()
        if rest is not None:
            self._ready.append(rest)
        self._ready.append(item)
