"""The detector that comes with pocketsphinx."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec

from ...audio.frame import AudioFrame
from ...vad import VAD
from ...voice import VADCapabilities, VADOptions
from ...windowed_vad import WindowedVADStream
from ...workers.threads import WorkerThreads

__all__ = ("DEFAULT_VAD_OPTIONS", "PocketSphinxVAD", "PocketSphinxVADStream")

_SAMPLE_RATE = 16000
_WINDOW = 480  # 30 ms, which is what the detector judges
_BATCH = 3
_BEHIND = 10  # batches: nearly a second of audio, which takes a tenth of a millisecond

DEFAULT_VAD_OPTIONS = VADOptions(
    activation_threshold=0.85,
    deactivation_threshold=0.25,
    min_speech_duration=0.03,
    min_silence_duration=0.4,
    prefix_padding_duration=0.5,
)
"""The probability is the part of the last 0.3 s that sounds like speech, so it lags behind."""


class PocketSphinxVAD(VAD):
    """
    Tells speech from silence by the energy in six bands: quick, and fooled by noise.

    It computes in a worker thread, one for all its streams.

    Args:
        options: thresholds and durations.
        mode: 0 takes most for speech, 3 takes least.
        smoothing: seconds over which its yes and no are averaged to a probability.

    Raises:
        ImportError: when the package `pocketsphinx` is not installed.
        ValueError: for a mode or a smoothing that cannot be.
    """

    def __init__(
        self,
        options: VADOptions = DEFAULT_VAD_OPTIONS,
        *,
        mode: int = 2,
        smoothing: float = 0.3,
    ) -> None:
        if find_spec("pocketsphinx") is None:
            raise ImportError(
                "PocketSphinxVAD needs pocketsphinx, which is not installed: "
                "pip install 'anyio-stt[pocketsphinx]'",
                name="pocketsphinx",
            )
        if mode not in (0, 1, 2, 3):
            raise ValueError(f"mode must be 0, 1, 2 or 3, got {mode!r}")
        if not 0.03 <= smoothing <= 5:
            raise ValueError(f"smoothing must be from 0.03 to 5 s, got {smoothing!r}")
        super().__init__(
            capabilities=VADCapabilities(
                update_interval=_BATCH * _WINDOW / _SAMPLE_RATE,
                max_speech=options.max_buffered_speech,
            )
        )
        self._options = replace(options)
        self._mode = mode
        self._memory = round(smoothing * _SAMPLE_RATE / _WINDOW)
        self._threads = WorkerThreads(1)  # it holds the interpreter's lock: two gain nothing

    def stream(self) -> PocketSphinxVADStream:
        """Make a stream; it starts nothing until its block is entered."""
        from pocketsphinx import Vad

        detector = Vad(mode=self._mode, sample_rate=_SAMPLE_RATE, frame_length=0.03)
        return PocketSphinxVADStream(
            self, self._options, self._threads, detector.is_speech, self._memory
        )


class PocketSphinxVADStream(WindowedVADStream):
    """
    A stream of a `PocketSphinxVAD`.

    Args:
        vad: the detector that makes it.
        options: thresholds and durations.
        threads: where it computes.
        is_speech: judges one window.
        memory: how many judgements are averaged.
    """

    def __init__(
        self,
        vad: VAD,
        options: VADOptions,
        threads: WorkerThreads,
        is_speech: Callable[[bytes], bool],
        memory: int,
    ) -> None:
        super().__init__(
            vad,
            options,
            sample_rate=_SAMPLE_RATE,
            window=_WINDOW,
            batch=_BATCH,
            behind=_BEHIND,
        )
        self._threads = threads
        self._is_speech = is_speech
        self._recent: deque[bool] = deque([False] * memory, maxlen=memory)

    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        return await self._threads.run(self._compute, windows)

    def _compute(self, windows: Sequence[AudioFrame]) -> list[float]:
        return [self._probability(window) for window in windows]

    def _probability(self, window: AudioFrame) -> float:
        self._recent.append(self._is_speech(window.pcm))
        return sum(self._recent) / len(self._recent)
