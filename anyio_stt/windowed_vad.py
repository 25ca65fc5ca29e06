"""A detector that judges windows of one length: what it needs beside its judgement."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import anyio

from ._voice.segments import VoiceSegments
from .audio.frame import AudioFrame, join_frames
from .audio.mixing import mix_down
from .vad import VAD, VADStream
from .voice import VADEvent, VADOptions

__all__ = ("WindowedVADStream",)


class WindowedVADStream(VADStream):
    """
    Cuts audio into windows, lets a detector judge them, and makes segments of the results.

    A detector subclasses it and writes `_judge`.

    Args:
        vad: the detector that makes the stream.
        options: thresholds and durations.
        sample_rate: the rate of the windows; channels are mixed down to one.
        window: the samples of a window.
        batch: how many windows are judged at once.
        behind: how many batches are judged at once when that many wait.
    """

    def __init__(
        self,
        vad: VAD,
        options: VADOptions,
        *,
        sample_rate: int,
        window: int,
        batch: int = 1,
        behind: int = 1,
    ) -> None:
        super().__init__(vad, sample_rate=sample_rate, frame_duration=window * batch / sample_rate)
        self._window = window
        self._behind = behind
        self._segments = VoiceSegments(options, sample_rate)

    @abstractmethod
    async def _judge(self, windows: Sequence[AudioFrame]) -> Sequence[float]:
        """Return for each window how likely it is that someone speaks in it, 0 to 1."""

    async def _run(self) -> None:
        rest: AudioFrame | None = None
        async for item in self._input_ch:
            if isinstance(item, self._FlushSentinel):
                self._send(self._segments.flush(rest))
                rest = None
            else:
                more = self._input_ch.waiting(self._behind - 1)
                rest = await self._hear(mix_down(join_frames([item, *more])))

    async def _hear(self, audio: AudioFrame) -> AudioFrame | None:
        """Have *audio* judged, and return what is too short for that."""
        size = self._window
        whole = audio.samples_per_channel // size * size
        windows = [audio.slice(first, first + size) for first in range(0, whole, size)]
        if windows:
            began = anyio.current_time()
            judgements = await self._judge(windows)
            spent = (anyio.current_time() - began) / len(windows)
            for window, judgement in zip(windows, judgements, strict=True):
                self._send(self._segments.push(window, judgement, spent))
        return audio.slice(whole) if whole < audio.samples_per_channel else None

    def _send(self, events: Sequence[VADEvent]) -> None:
        for event in events:
            self._event_ch.send_nowait(event)
