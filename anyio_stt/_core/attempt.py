"""One attempt of an engine: what it says, what it has read, and the time it has."""

from __future__ import annotations

import math

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

__all__ = ("Attempt",)


class Attempt(ReadListener, ObjectSendStream[SpeechEvent]):
    """
    One run of an engine, which sends its events here and reads from `reader`.

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
        self._queue: InputQueue = queue
        self._output: SpeechOutput = output
        self._timeout = options.timeout
        self._bounded = options.idle_seconds < math.inf
        self._origin = queue.seconds(queue.log.position)
        self.deadlines: AttemptDeadlines = deadlines
        self.reader: InputReader = InputReader(queue, sentinel, self, each_at_end=self._bounded)
        queue.on_idle = deadlines.idle
        queue.on_end = deadlines.reading_on

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.reader.closed

    def arm(self) -> None:
        """Count `timeout` from now, unless the engine has asked for audio or spoken already."""
        if not self.over:
            self.deadlines.arm()

    def finish(self) -> None:
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

    # ---- what the engine says; times count from the first sample that this attempt read

    def send_nowait(self, event: SpeechEvent) -> None:
        """
        Say *event*; never blocks.

        Raises:
            StreamClosedError: when the attempt is over; an `anyio.ClosedResourceError` too.
            TypeError: for anything but a `SpeechEvent`.
        """
        if self.reader.closed:
            raise AttemptOverError("this attempt is over: its engine must not send events any more")
        if self._bounded or self.deadlines.connected_at is None:
            self.sign_of_life()
        self._output.send(event, self._origin)

    async def send(self, item: SpeechEvent) -> None:
        """Say *item*; a checkpoint."""
        await checkpoint()
        self.send_nowait(item)

    def statistics(self) -> MemoryObjectStreamStatistics:
        """Return how many events nobody has read."""
        return MemoryObjectStreamStatistics(self._output.delivery.unread, math.inf, 1, 1, 0, 0)

    async def aclose(self) -> None:
        """Do nothing but a checkpoint: an attempt ends when `_run` returns."""
        await checkpoint()

    def sign_of_life(self) -> None:
        """Restart the idle deadline."""
        self.deadlines.connected()
        if self._bounded:
            self.deadlines.heard()
            self._expect_word()

    def silence(self, until: float, channel: int | None) -> None:
        """Take it that nothing was said before *until* that no final covers."""
        if not self.over:
            self._output.silence(self._origin + until, channel)

    def refused(
        self, start: float, end: float, channel: int | None = None
    ) -> list[tuple[float, float]]:
        """Give up the audio between two times; return what of it is news, on the stream's clock."""
        return [] if self.over else self._output.refused(*self.on_clock(start, end), channel)

    def on_clock(self, start: float, end: float) -> tuple[float, float]:
        """Return two of the attempt's times on the stream's clock."""
        return self._origin + start, self._origin + end

    def _expect_word(self) -> None:
        self._queue.expect_word(self._queue.log.position)
        if self._queue.ended:
            self.deadlines.reading_on()

    # ---- what it reads

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
