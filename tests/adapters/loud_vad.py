"""A detector for tests: what is loud is speech."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anyio_stt import VAD, AudioFrame, VADCapabilities, VADOptions, WindowedVADStream

OPTIONS = VADOptions(
    min_speech_duration=0.05, min_silence_duration=0.2, prefix_padding_duration=0.1
)


class LoudVAD(VAD):
    """Takes for speech what is loud."""

    def __init__(self) -> None:
        super().__init__(capabilities=VADCapabilities(update_interval=0.01))
        self.failure: Exception | None = None

    def stream(self) -> LoudStream:
        return LoudStream(self, OPTIONS, sample_rate=16000, window=160)


class LoudStream(WindowedVADStream):
    """A stream of it."""

    _vad: LoudVAD

    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        if self._vad.failure is not None:
            raise self._vad.failure
        return [float(np.abs(window.to_array()).max() > 1000) for window in windows]
