"""What turns have to know of a stream's audio: how far it was heard, and whether it comes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio

from ..audio.frame import SAMPLE_BYTES, AudioFrame

if TYPE_CHECKING:
    from .._core.recognition import Recognition

__all__ = ("TurnAudio",)

_HEARD = 8.0  # seconds that a detector hears
_FASTEST = 48000  # samples a second, before the first frame tells
_AHEAD = 1.0  # seconds that live audio may come in one piece
_SOON = 0.02  # nothing is so urgent that it is looked at more often


class TurnAudio:
    """
    The audio of a stream, in seconds, as it was when last looked at.

    Args:
        stream: whose.
    """

    def __init__(self, stream: Recognition) -> None:
        self._stream = stream
        self._queue, self._output = stream._core_queue, stream._core_output  # noqa: SLF001
        self._keep = False
        self._pushed, self._pushed_at = -1, 0.0
        self._awaited = -1
        self._gap, self._max_gap = 0.0, math.inf
        self.stopped = False
        """Whether audio has stopped to come while the input is open."""

    def keep(self) -> None:
        """Keep its last seconds from now on, for a detector."""
        if not self._keep:
            self._keep, self._queue.log.hold = True, 0.0  # until it is known what is needed

    @property
    def delivered(self) -> float:
        """How much of it the engine has read."""
        return self._queue.seconds(self._queue.log.furthest)

    @property
    def ahead(self) -> bool:
        """Whether it comes faster than it was spoken: then the engine may be far behind."""
        return self._queue.times.lead > _AHEAD

    def heard(self, covered: float) -> float:
        """Return up to where silence would have been noticed, had it ended."""
        if self.stopped:
            return self.delivered + self._gap
        return covered if self.ahead else self.delivered

    @property
    def over(self) -> bool:
        """Whether the stream has ended."""
        return self._stream._core_delivery.closed  # noqa: SLF001

    def look(self, max_gap: float) -> None:
        """See whether audio still comes; after *max_gap* seconds without, it has stopped."""
        now, queue = anyio.current_time(), self._queue
        if self._keep and queue.rate:
            queue.log.behind = round(_HEARD * queue.rate)
        if queue.received != self._pushed:
            at = queue.times.when(queue.written, queue.rate, now) if queue.rate else None
            at = now if at is None else min(max(at, self._pushed_at), now)
            self._pushed, self._pushed_at = queue.received, at
        self._max_gap, self._gap = max_gap, now - self._pushed_at
        opened = not queue.ended and queue.pending <= 0
        self.stopped = opened and self._gap >= max_gap

    def all_final(self, channel: int | None) -> bool:
        """Whether an engine that marks no ends has nothing to guess at now."""
        return self._output.all_final(channel)

    def hold(self, time: float) -> None:
        """Keep what lies before *time*, however much of it was answered; infinity keeps none."""
        if self._queue.rate:  # until the first frame comes it is not known how much that is
            self._queue.log.hold = time * self._queue.rate

    def before(self, time: float) -> AudioFrame:
        """Return the last seconds before *time*, as they are kept."""
        queue = self._queue
        samples, channels = round(_HEARD * queue.rate), queue.num_channels
        pcm = queue.log.before(round(time * queue.rate), samples, channels)
        return AudioFrame(pcm, queue.rate, channels, len(pcm) // (SAMPLE_BYTES * channels))

    def expect(self, due: float, awaited: float, covered: float, wake: Callable[[], None]) -> float:
        """
        Have *wake* called when audio was heard up to *due*, or answered up to *awaited*.

        Returns until when to wait for that, because audio may stop to come.
        """
        queue, now = self._queue, anyio.current_time()
        if self.ahead:
            due, awaited = math.inf, min(due, awaited)
        if awaited < math.inf:
            self._await(math.ceil(awaited * queue.rate), wake)
        # What waits to be read is of interest only once no more comes: else each frame wakes.
        late = queue.pending > 0 and self._gap >= self._max_gap
        mark = min(due * queue.rate - 1, queue.written if late else math.inf)
        queue.log.tell_read(mark, wake)
        queue.notice_at = -1
        if late or queue.ended:
            return math.inf
        if not self.stopped:
            return max(self._pushed_at + self._max_gap, now + _SOON)
        return now + max(due - self.heard(covered), _SOON)

    def expect_silence(self, wake: Callable[[], None]) -> float:
        """Have *wake* called where silence need be kept no longer, though nobody ever speaks."""
        log = self._queue.log
        if self._keep and log.hold == 0.0:
            log.tell_read(_HEARD * (self._queue.rate or _FASTEST), wake)
            self._queue.notice_at = -1
        return math.inf

    def _await(self, position: int, wake: Callable[[], None]) -> None:
        if position == self._awaited or position <= self._output.ledger.covered:
            return

        def answered() -> None:
            self._awaited = -1
            wake()

        self._awaited = position
        self._output.tell_answered(position, answered)
