"""Where an attempt reads: first what is to be heard again, then what comes in."""

from __future__ import annotations

from typing import Any

import anyio
from anyio.abc import ObjectReceiveStream
from anyio.lowlevel import checkpoint
from anyio.streams.memory import MemoryObjectStreamStatistics

from .._rules.replay_log import MARKER, Item
from ..exceptions import StreamClosedError
from .input_queue import InputQueue
from .option_changes import ChangePlace

__all__ = ("AttemptOverError", "InputReader", "ReadListener")


class AttemptOverError(StreamClosedError, anyio.ClosedResourceError):
    """Raised when what an attempt left running reads or speaks after its end."""


class ReadListener:
    """Is told what a reader hands out; what it does not override it has no use for."""

    def on_asked(self) -> None:
        """The engine asked for audio for the first time."""

    def on_marker(self) -> None:
        """The engine got a marker."""

    def on_audio_after_marker(self) -> None:
        """The engine got the first audio after a marker."""

    def on_read(self) -> None:
        """The engine got something, after the input has ended."""

    def on_input_ended(self) -> None:
        """The engine was told that nothing more comes."""


class InputReader(ObjectReceiveStream[Any]):
    """
    Iterates audio frames and flush markers, from the first sample of the attempt.

    Cancelling a read loses nothing. A read is a checkpoint when it has to wait, and otherwise
    once for each second of audio.

    Args:
        queue: where the audio comes from.
        sentinel: what the engine is given for a marker.
        listener: told what is handed out.
        each_at_end: whether the listener is told of each read after the end of the input.
    """

    def __init__(
        self,
        queue: InputQueue,
        sentinel: object,
        listener: ReadListener,
        *,
        each_at_end: bool = False,
    ) -> None:
        self._each_at_end = each_at_end
        self._queue = queue
        self._log = queue.log
        self._remember = queue.log.items.append
        self._channel = queue.channel
        self._sentinel = sentinel
        self._listener = listener
        self._asked = self._after_marker = False
        self._attend = True  # to what is rare
        self._held: list[Item] = []  # a marker that was met on the way
        self._origin = self._log.position
        self._place: ChangePlace | None = None
        self.closed: bool = False
        self.ended: bool = False
        """Whether the engine was told that nothing more comes."""
        self.paused: bool = False
        """Whether that was so that another attempt goes on."""

    def __aiter__(self) -> InputReader:
        return self

    async def __anext__(self) -> Any:
        # This runs for each frame of each stream: what is rare hides behind one question, and
        # what could be methods stands here.
        if self._attend:
            await self._look_around()
            if self._held:
                return self._take(self._held.pop())
        channel = self._channel
        while not channel.count:
            if channel.ended:
                await self._end()
            await channel.arrival()
            if self._attend:
                await self._look_around()
        channel.count -= 1  # `take`, and below `_take`, without the calls
        item = channel.pop()
        queue, log = self._queue, self._log
        if item is MARKER or log.position >= queue.notice_at:
            return self._take(item)
        self._remember(item.pcm)  # type: ignore[union-attr]
        log.position += item.samples_per_channel  # type: ignore[union-attr]
        return item

    async def receive(self) -> Any:
        """
        Return the next frame or marker; a checkpoint as iterating is.

        Raises:
            anyio.EndOfStream: when nothing more comes.
            anyio.ClosedResourceError: when the attempt is over.
        """
        try:
            return await self.__anext__()
        except StopAsyncIteration:
            raise anyio.EndOfStream from None

    recv = receive

    def receive_nowait(self) -> Any:
        """Return the next frame or marker if one waits, or raise `anyio.WouldBlock`."""
        if self._held:
            return self._take(self._held.pop())
        if self.closed:
            raise _over()
        if not self._channel.count or self._ends_here():
            if self._channel.ended or self.paused:
                self._note_end()
                raise anyio.EndOfStream
            raise anyio.WouldBlock
        return self._take(self._channel.take())

    def waiting(self, most: int) -> list[Any]:
        """Return up to *most* frames that wait behind the last one, before the next marker."""
        frames: list[Any] = []
        while len(frames) < most and self._channel.count and not (self._held or self._place):
            item = self._channel.take()
            if item is MARKER:
                self._held.append(item)
                self._attend = True
            else:
                frames.append(self._take(item))
        return frames

    def statistics(self) -> MemoryObjectStreamStatistics:
        """Return how many frames and markers wait."""
        return self._channel.statistics()

    async def aclose(self) -> None:
        """Do nothing but a checkpoint: what is not read now is for the next attempt."""
        await checkpoint()

    def end_at(self, place: ChangePlace) -> None:
        """End where *place* is, as if the input did: another attempt goes on from there."""
        if self._place is None:
            self._place = place
            self._queue.notice_at = -1
            place.begin(flushed=self._after_marker or self._log.position == self._origin)
        self._attend = True
        self._channel.wake()

    def close(self) -> None:
        """Hand out nothing more; the attempt is over."""
        self.closed = self._attend = True

    def _take(self, item: Any) -> Any:
        log, queue, listener = self._log, self._queue, self._listener
        if self._place is not None:
            self._place.note(item)
        last = self._each_at_end and self._channel.ended
        if last:
            listener.on_read()
        if item is MARKER:
            log.items.append(item)
            self._after_marker = True
            queue.notice_at = -1  # the next audio is of interest
            listener.on_marker()
            return self._sentinel
        log.items.append(item.pcm)
        log.position += item.samples_per_channel
        if queue.note_read():
            self._attend = True
        if last or self._place is not None:
            queue.notice_at = -1
        if self._after_marker:
            self._after_marker = False
            listener.on_audio_after_marker()
        return item

    async def _look_around(self) -> None:
        if self.closed:
            await self._end()
        self._attend = self._place is not None
        if not self._asked:
            self._asked = True
            self._listener.on_asked()
        elif self._channel.count or self._held:  # or it waits, which is a checkpoint too
            await checkpoint()
        if self._ends_here():
            await self._end()

    def _ends_here(self) -> bool:
        place = self._place
        if place is not None and not self._held and not self.paused:
            self.paused = place.is_here()
        return self.paused

    async def _end(self) -> None:
        await checkpoint()
        if self.closed:
            raise _over()
        self._note_end()
        raise StopAsyncIteration

    def _note_end(self) -> None:
        if not self.ended:
            self.ended = True
            self._listener.on_input_ended()


def _over() -> AttemptOverError:
    return AttemptOverError("this attempt is over: its engine gets no more audio")
