"""A detector that computes in worker threads, so that the event loop does not wait for it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from anyio import CapacityLimiter, to_thread

from .audio.frame import AudioFrame
from .vad import VAD
from .voice import VADOptions
from .windowed_vad import WindowedVADStream

__all__ = ("ThreadedVADStream",)


class ThreadedVADStream(WindowedVADStream):
    """
    Judges windows in a worker thread, one stream's one batch after the other.

    A detector subclasses it and writes `_compute`.

    Args:
        vad: the detector that makes the stream.
        options: thresholds and durations.
        limiter: bounds how many streams compute at the same time.
        sample_rate: the rate of the windows; channels are mixed down to one.
        window: the samples of a window.
        batch: how many windows are judged at once.
        behind: how many batches are judged at once while so many wait.
    """

    def __init__(
        self,
        vad: VAD,
        options: VADOptions,
        limiter: CapacityLimiter,
        *,
        sample_rate: int,
        window: int,
        batch: int = 1,
        behind: int = 1,
    ) -> None:
        super().__init__(
            vad, options, sample_rate=sample_rate, window=window, batch=batch, behind=behind
        )
        self._limiter = limiter

    @abstractmethod
    def _compute(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        """Return for each window how likely it is that someone speaks in it, in a thread."""

    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        # Not abandoned on cancellation: it takes milliseconds, and a thread must not outlive
        # the block.
        return await to_thread.run_sync(self._compute, windows, limiter=self._limiter)
