"""Options that are changed while a stream runs: what holds, and from where on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._rules.replay_log import MARKER, Item
from ..audio.frame import SAMPLE_BYTES, AudioFrame
from ..wire.pauses import PAUSE, is_silent
from .input_queue import InputQueue

__all__ = ("ChangePlace", "OptionChanges")

_MOST = 64
"""How many changes may wait; of more, the newest takes the place of the one before it."""

_NOISY = 60.0
"""Seconds after which a place need not be silent: some lines never are."""

_LONG = 1.0
"""Seconds of silence that end what was said, though an engine that is behind has not said so."""

_ROUNDING = 1e-6


class OptionChanges:
    """
    The options of one stream, and those that wait for their place in the audio.

    Positions are samples of one channel.

    Args:
        options: what holds from the first sample on.
    """

    def __init__(self, options: Any) -> None:
        self._now = options
        self._waiting: list[tuple[int, Any]] = []

    @property
    def latest(self) -> Any:
        """What holds once every change has found its place."""
        return self._waiting[-1][1] if self._waiting else self._now

    def add(self, options: Any, position: int) -> None:
        """Let *options* hold from the next place on that is not before *position*."""
        del self._waiting[_MOST - 1 :]
        self._waiting.append((position, options))

    def at(self, position: int) -> Any:
        """Return what an attempt goes by that begins at *position*."""
        while self.wait_for(position):
            self._now = self._waiting.pop(0)[1]
        return self._now

    def wait_for(self, position: int) -> bool:
        """Whether one waits that may hold from *position* on."""
        return bool(self._waiting) and self._waiting[0][0] <= position

    def waited(self, position: int) -> int:
        """Return how many samples ago the oldest could have held, at *position*."""
        return position - self._waiting[0][0] if self._waiting else 0


class ChangePlace:
    """
    Finds where an attempt may end so that nothing is cut, for a change to hold from there on.

    That is a flush; or a pause in which no transcript is open, or a long one; or, where the line
    is never silent, any moment in which none is. An engine that ends no utterances is cut at
    flushes only.

    Args:
        changes: what waits.
        queue: what the attempt reads.
        is_open: tells whether something was said that no final has come for; and, asked to be
            strict, whether somebody may go on with what has a final.
        flushes_only: whether the engine does not end utterances by itself.
    """

    __slots__ = (
        "_changes",
        "_flushed",
        "_flushes_only",
        "_is_open",
        "_queue",
        "_settled",
        "_silence",
    )

    def __init__(
        self,
        changes: OptionChanges,
        queue: InputQueue,
        is_open: Callable[[bool], bool],
        *,
        flushes_only: bool,
    ) -> None:
        self._changes = changes
        self._queue = queue
        self._is_open = is_open
        self._flushes_only = flushes_only
        self._silence = 0.0  # seconds, up to where the attempt has read
        self._settled = self._flushed = False

    def begin(self, *, flushed: bool) -> None:
        """Begin to look; *flushed* says that nothing was read since a flush, or at all."""
        self._flushed = flushed
        queue = self._queue
        for pcm in reversed(queue.log.items):
            if isinstance(pcm, bytes):
                samples = len(pcm) // (SAMPLE_BYTES * queue.num_channels)
                frame = AudioFrame(pcm, queue.rate, queue.num_channels, samples)
                if not is_silent(frame):
                    return
                self._silence += frame.duration
        self._settled = True  # all that no answer covers is silent

    def note(self, item: Item) -> None:
        """Take note of what the attempt has read."""
        self._flushed = item is MARKER
        if isinstance(item, AudioFrame):
            silent = is_silent(item)
            self._silence = self._silence + item.duration if silent else 0.0
            self._settled = self._settled and silent

    def is_here(self) -> bool:
        """Whether the attempt may end before it reads on."""
        queue, changes = self._queue, self._changes
        position = queue.log.position
        if not changes.wait_for(position):
            return False
        if self._flushed or self._flushes_only:
            return self._flushed
        if self._silence >= _LONG - _ROUNDING:
            return True
        noisy = queue.seconds(changes.waited(position)) > _NOISY
        if noisy or self._silence >= PAUSE - _ROUNDING:
            return not self._is_open(False)
        return self._settled and not self._is_open(True)
