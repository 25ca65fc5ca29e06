"""A detector that computes in worker threads, so that the event loop does not wait for it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from .audio.frame import AudioFrame
from .vad import VAD
from .voice import VADOptions
from .windowed_vad import WindowedVADStream

__all__ = ("ThreadedVADStream", "WorkerThreads")


class WorkerThreads:
    """
    Bounds how many of a detector's streams compute at the same time, on each event loop.

    A detector may be used on several loops, one after the other or in threads; a capacity
    limiter belongs to one.

    Args:
        most: how many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limiters: RunVar[CapacityLimiter] = RunVar("anyio_stt_worker_threads")

    @property
    def limiter(self) -> CapacityLimiter:
        """The limiter of the event loop that is running."""
        try:
            return self._limiters.get()
        except LookupError:
            limiter = CapacityLimiter(self._most)
            self._limiters.set(limiter)
            return limiter


class ThreadedVADStream(WindowedVADStream):
    """
    Judges windows in a worker thread, one stream's one batch after the other.

    A detector subclasses it and writes `_compute`.

    Args:
        vad: the detector that makes the stream.
        options: thresholds and durations.
        threads: where it computes.
        sample_rate: the rate of the windows; channels are mixed down to one.
        window: the samples of a window.
        batch: how many windows are judged at once.
        behind: how many batches are judged at once while so many wait.
    """

    def __init__(
        self,
        vad: VAD,
        options: VADOptions,
        threads: WorkerThreads,
        *,
        sample_rate: int,
        window: int,
        batch: int = 1,
        behind: int = 1,
    ) -> None:
        super().__init__(
            vad, options, sample_rate=sample_rate, window=window, batch=batch, behind=behind
        )
        self._threads = threads

    @abstractmethod
    def _compute(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        """Return for each window how likely it is that someone speaks in it, in a thread."""

    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        # Not abandoned on cancellation: it takes milliseconds, and a thread must not outlive
        # the block.
        return await to_thread.run_sync(self._compute, windows, limiter=self._threads.limiter)
