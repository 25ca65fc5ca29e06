"""A microphone as a recording that the command transcribes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress

import anyio
import numpy as np

from anyio_stt import VAD, AudioFrame, StreamFullError, VADEventType, VADStream
from anyio_stt.audio import AudioReader, Microphone, MicrophoneError, PCMFormat, microphone
from anyio_stt.audio.losses import Losses
from anyio_stt.audio.reader import note_lost_source

from .display import Display
from .keys import pressed_keys

__all__ = ("Listening",)

_QUIETEST = 60.0  # dB below full scale: the empty meter
_ENDS = ("q", "\x1b", "\x04")
_PAUSES = (" ", "p")


class Listening:
    """
    Opens the microphone, and obeys keys and silence.

    Args:
        device: its name or number; None is the system's choice.
        display: shows the level.
        until_silence: how many seconds of silence end it; None for no end.
        detector: tells speech from silence, for that.
    """

    def __init__(
        self,
        device: int | str | None,
        display: Display,
        *,
        until_silence: float | None = None,
        detector: VAD | None = None,
    ) -> None:
        self._device = device
        self._display = display
        self._until_silence = until_silence
        self._detector = detector
        self._mic: Microphone | None = None
        self._silence: VADStream | None = None

    def stop(self) -> bool:
        """End it as a recording ends; tell whether there was something to end."""
        if self._mic is not None:
            self._mic.stop()
        return self._mic is not None

    @asynccontextmanager
    async def open(
        self,
        name: str,  # noqa: ARG002 - opened as recordings are
        raw_format: PCMFormat | None,  # noqa: ARG002
    ) -> AsyncGenerator[AudioReader, None]:
        """
        Open the microphone.

        Raises:
            ImportError: when sounddevice is not installed.
            MicrophoneError: when it cannot be opened.
        """
        async with microphone(self._device) as self._mic, anyio.create_task_group() as tasks:
            tasks.start_soon(self._obey_keys, self._mic)
            async with aclosing(self._heard(self._mic)) as frames:
                reader = _MicrophoneReader(self._mic, frames)
                if self._detector is None or self._until_silence is None:
                    yield reader
                else:
                    async with self._detector.stream() as self._silence:
                        tasks.start_soon(self._wait_for_silence, self._silence, self._mic)
                        yield reader
            tasks.cancel_scope.cancel()

    async def _heard(self, mic: Microphone) -> AsyncGenerator[AudioFrame, None]:
        async for frame in mic:
            self._display.level(_level(frame))
            if self._silence is not None:
                with suppress(StreamFullError):  # a detector that is a minute behind ends late
                    self._silence.push_frame(frame)
            yield frame

    async def _wait_for_silence(self, stream: VADStream, mic: Microphone) -> None:
        assert self._until_silence is not None
        spoken = 0.0
        async for event in stream:
            if event.speaking or event.type is not VADEventType.INFERENCE_DONE:
                spoken = event.timestamp
            elif event.timestamp - spoken >= self._until_silence:
                mic.stop()
                return

    async def _obey_keys(self, mic: Microphone) -> None:
        async with aclosing(pressed_keys()) as keys:
            async for key in keys:
                if key in _ENDS:
                    mic.stop()
                    return
                if key in _PAUSES:
                    await self._pause_or_resume(mic)

    async def _pause_or_resume(self, mic: Microphone) -> None:
        if not mic.paused:
            await mic.pause()
            self._display.level(None)
            return
        try:
            await mic.resume()
        except MicrophoneError as exc:
            self._display.warn(f"anyio-stt: {exc}")
            mic.stop()


class _MicrophoneReader(AudioReader):
    """A microphone that ends, and has lost the rest, when it is unplugged."""

    def __init__(self, mic: Microphone, frames: AsyncGenerator[AudioFrame, None]) -> None:
        super().__init__(
            mic.name, mic.sample_rate, mic.num_channels, None, self._until_gone(frames),
            Losses(mic.name),
        )  # fmt: skip
        self._mic = mic

    @property
    def lost(self) -> tuple[tuple[float, float], ...]:
        return self._mic.lost + super().lost

    async def _until_gone(
        self, frames: AsyncGenerator[AudioFrame, None]
    ) -> AsyncGenerator[AudioFrame, None]:
        heard = 0.0
        try:
            async for frame in frames:
                heard += frame.duration
                yield frame
        except MicrophoneError as exc:
            note_lost_source(exc, heard, self._losses)


def _level(frame: AudioFrame) -> float:
    """Return how loud *frame* is, from 0 to 1 as ears count."""
    samples = frame.to_array().astype(np.float64)
    power = float(np.mean(np.square(samples))) if samples.size else 0.0
    decibels = 10 * np.log10(max(power, 1.0)) - 20 * np.log10(32768)
    return float(np.clip(1 + decibels / _QUIETEST, 0.0, 1.0))
