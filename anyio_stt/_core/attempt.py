"""One attempt of an engine: what it reads, what it says, and the time it has."""

from __future__ import annotations

import math
from collections.abc import Callable

import anyio
from anyio.abc import ObjectSendStream
from anyio.lowlevel import checkpoint
from anyio.streams.memory import MemoryObjectStreamStatistics

from ..events import SpeechEvent
from ..options import APIConnectOptions
from .deadlines import AttemptDeadlines
from .input_queue import InputQueue
from .reader import AttemptOverError, InputReader, ReadListener
from .speech import SpeechOutput

__all__ = ("Attempt", "EventSink")


class EventSink(ObjectSendStream[SpeechEvent]):
    """What an engine sends its events to, as long as its attempt lasts."""

    __slots__ = ("_send", "_unread")

    def __init__(
        self,
        send: Callable[[SpeechEvent], None],
        unread: Callable[[], int],
    ) -> None:
        self._send = send
        self._unread = unread

    def send_nowait(self, event: SpeechEvent) -> None:
        """
        Say *event*; never blocks.

        Raises:
            StreamClosedError: when the attempt is over; an `anyio.ClosedResourceError` too.
            TypeError: for anything but a `SpeechEvent`.
        """
        self._send(event)

    async def send(self, item: SpeechEvent) -> None:
        """Say *item*; a checkpoint."""
        await checkpoint()
        self._send(item)

    def statistics(self) -> MemoryObjectStreamStatistics:
        """Return how many events nobody has read."""
        return MemoryObjectStreamStatistics(self._unread(), math.inf, 1, 1, 0, 0)

    async def aclose(self) -> None:
        """Do nothing but a checkpoint: an attempt ends when `_run` returns."""
        await checkpoint()


class Attempt(ReadListener):
    """
    Ties a reader, the output and the deadlines together for one run of an engine.

    Args:
        queue: the stream's input.
        output: the stream's output.
        deadlines: the time it has.
        options: what they are.
        sentinel: what the engine is given for a marker.
    """

    def __init__(
        self,
        queue: InputQueue,
        output: SpeechOutput,
        deadlines: AttemptDeadlines,
        options: APIConnectOptions,
        sentinel: object,
    ) -> None:
        self._queue = queue
        self._output = output
        self._timeout = options.timeout
        self._bounded = options.idle_seconds < math.inf
        self._origin_seconds = queue.seconds(queue.log.position)
        self.deadlines = deadlines
        self.reader = InputReader(queue, sentinel, self, each_at_end=self._bounded)
        self.sink = EventSink(self.send, output.unread)
        queue.on_idle = deadlines.idle
        queue.on_end = deadlines.reading_on

    @property
    def closed(self) -> bool:
        """Whether the attempt is over."""
        return self.reader.closed

    def arm(self) -> None:
        """Count `timeout` from now, unless the engine has asked for audio or spoken already."""
        if not self.closed:
            self.deadlines.arm()

    def send(self, event: SpeechEvent) -> None:
        """Take what the engine says."""
        if self.reader.closed:
            raise AttemptOverError("this attempt is over: its engine may say nothing more")
        self.sign_of_life()
        self._output.send(event, self._origin_seconds)

    def silence(self, until: float, channel: int | None) -> None:
        """Take it that nothing was said before *until* that no final covers."""
        if not self.closed:
            self._output.silence(self._origin_seconds + until, channel)

    def on_clock(self, start: float, end: float) -> tuple[float, float]:
        """Return two of the attempt's times on the stream's clock."""
        return self._origin_seconds + start, self._origin_seconds + end

    def refused(self, start: float, end: float) -> list[tuple[float, float]]:
        """Give up the audio between two times; return what of it is news, on the stream's clock."""
        if self.closed:
            return []
        return self._output.refused(self._origin_seconds + start, self._origin_seconds + end)

    def sign_of_life(self) -> None:
        """Restart the idle deadline."""
        if self.deadlines.connected_at is None:
            self.deadlines.connected()
        if self._bounded:
            self.deadlines.heard()
            self._expect_word()

    def _expect_word(self) -> None:
        self._queue.expect_word(self._queue.log.position)
        if self._queue.ended:
            self.deadlines.reading_on()

    def close(self) -> None:
        """End reading and saying; what an engine leaves running finds closed doors."""
        self.reader.close()
        self._queue.expect_word(None)
        self.deadlines.close()

    def was_healthy(self) -> bool:
        """Whether it worked for longer than `timeout` and missed no deadline."""
        connected = self.deadlines.connected_at
        if connected is None or self.deadlines.missed:
            return False
        return anyio.current_time() - connected > self._timeout

    # ---- the reader's listener

    def on_asked(self) -> None:
        self.deadlines.connected()
        self._expect_word()

    def on_marker(self) -> None:
        self._output.on_marker()

    def on_audio_after_marker(self) -> None:
        self._output.on_audio_after_marker()

    def on_read(self) -> None:
        self.deadlines.reading_on()

    def on_input_ended(self) -> None:
        self.deadlines.draining()
