"""Streams of a batch engine, for trying it: a detector that needs no model, and the adapter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..adapters.stream_adapter import StreamAdapter
from ..audio.frame import AudioFrame
from ..stt import STT
from ..vad import VAD
from ..voice import VADCapabilities, VADOptions
from ..windowed_vad import WindowedVADStream

__all__ = ("streaming",)

_RATE = 16000
_WINDOW = 160  # 10 ms
_LOUD = 400
_OPTIONS = VADOptions(
    min_speech_duration=0.05, min_silence_duration=0.5, prefix_padding_duration=0.3
)


def streaming(make_stt: Callable[[], STT]) -> Callable[[], STT]:
    """
    Return a function that makes a streaming STT of the batch engine that *make_stt* makes.

    Loud audio counts as speech. Closing the STT closes the engine.
    """
    return lambda: _OwnsItsEngine(stt=make_stt(), vad=_LoudVAD())


class _OwnsItsEngine(StreamAdapter):
    async def aclose(self) -> None:
        try:
            await super().aclose()
        finally:
            await self.wrapped_stt.aclose()


class _LoudVAD(VAD):
    def __init__(self) -> None:
        super().__init__(capabilities=VADCapabilities(update_interval=0.01))

    def stream(self) -> _LoudVADStream:
        return _LoudVADStream(self, _OPTIONS, sample_rate=_RATE, window=_WINDOW)


class _LoudVADStream(WindowedVADStream):
    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        return [float(np.abs(each.to_array().astype(np.int32)).max() > _LOUD) for each in windows]
