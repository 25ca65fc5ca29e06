"""A microphone as an async iterator of frames."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import anyio
from anyio import to_thread

from .capture import Block, Capture
from .errors import MicrophoneError
from .frame import AudioFrame
from .losses import Losses
from .portaudio import InputDevice, chosen_device, load_sounddevice, opening_failed
from .reader import CLOSE_TIMEOUT, AudioReader

__all__ = ("Microphone", "microphone")

_BLOCK = 0.05  # seconds; a frame's audio is this old at most when it comes
_OPEN_TIMEOUT = 15.0  # a sound server that is being started takes some seconds
_DEAD_AFTER = 5.0  # seconds without a sample: a device that is there gives silence
_SILENCE = 1.0
_WIDTH = 2


class Microphone(AudioReader):
    """
    A microphone that records: an async iterator of frames that ends with `stop`.

    Made by `microphone`. Iterate it once. Frames keep real time: lost audio is replaced by silence
    of the same length, listed in `lost`, counted in `overruns`, and logged.
    """

    def __init__(
        self, device: InputDevice, rate: int, channels: int, capture: Capture, stream: Any
    ) -> None:
        super().__init__(device.name, rate, channels, None, self._read(), Losses(device.name))
        self.device = device
        """What records."""
        self._capture = capture
        self._stream = stream
        self._position = self._known_lost = self._told_overruns = 0

    @property
    def overruns(self) -> int:
        """How many times audio was lost because the machine or the program was too slow."""
        return self._capture.overruns

    @property
    def paused(self) -> bool:
        """Whether recording is paused."""
        return self._capture.paused

    async def pause(self) -> None:
        """Stop recording until `resume`; what was recorded is still given."""
        if not self._capture.paused:
            self._capture.pause()
            await _in_thread(self._stream.abort)

    async def resume(self) -> None:
        """
        Record again; the pause is left out.

        Raises:
            MicrophoneError: when the device has gone meanwhile.
        """
        if self._capture.paused:
            try:
                await _in_thread(self._stream.start)
            except load_sounddevice().PortAudioError as exc:
                raise _gone(self.name) from exc
            self._capture.resume()

    def stop(self) -> None:
        """End the iteration once what was recorded has been given."""
        self._capture.end()

    async def _read(self) -> AsyncGenerator[AudioFrame, None]:
        capture, size = self._capture, _WIDTH * self.num_channels
        while True:
            block = capture.next(size)
            if block is not None:
                for frame in self._lost_before(block):
                    yield frame
                self._position += len(block.data) // size
                yield self._frame(block.data)
            elif capture.ended:
                self._note_lost(capture.lost, capture.overruns)
                return
            elif capture.gone:
                raise _gone(self.name)
            else:
                await self._wait()

    async def _wait(self) -> None:
        capture = self._capture
        with anyio.move_on_after(_DEAD_AFTER) as scope:
            await capture.bell.wait_for(capture.changed)
        if scope.cancelled_caught and not capture.paused and not capture.changed():
            raise _gone(self.name)

    def _lost_before(self, block: Block) -> Any:
        """Yield silence for what was lost before *block*."""
        left = self._note_lost(block.lost_before, block.overruns)
        while left:
            count = min(left, round(_SILENCE * self.sample_rate))
            left -= count
            yield self._frame(bytes(count * _WIDTH * self.num_channels))

    def _note_lost(self, lost: int, overruns: int) -> int:
        """Name what was lost since the last time, and return how many samples that is."""
        count, self._known_lost = lost - self._known_lost, lost
        if overruns > self._told_overruns:
            self._told_overruns = overruns
            start, seconds = self._position / self.sample_rate, count / self.sample_rate
            self._losses.add(
                start,
                start + seconds,
                f"lost {seconds:.2f} s at {start:.2f} s: the machine or the program is too slow",
            )
        self._position += count
        return count

    def _frame(self, data: bytes) -> AudioFrame:
        count = len(data) // (_WIDTH * self.num_channels)
        return AudioFrame(data, self.sample_rate, self.num_channels, count)


@asynccontextmanager
async def microphone(
    device: int | str | None = None,
    *,
    sample_rate: int | None = None,
    num_channels: int = 1,
    max_pending_audio: float = 10.0,
) -> AsyncGenerator[Microphone, None]:
    """
    Record from a microphone while the block runs.

        async with microphone() as frames, stt.stream() as stream:
            async for event in stream.transcribe(frames):
                ...

    Leaving the block, by cancellation too, ends the recording. Needs the extra `microphone`,
    and on Linux the library PortAudio.

    Args:
        device: its number, its name or a part of that; the system's choice unless told.
        sample_rate: samples a second; the device's own unless told, as streams resample.
        num_channels: how many of its channels are recorded.
        max_pending_audio: seconds that may wait to be iterated; what comes beyond is lost, and
            named.

    Raises:
        ImportError: when sounddevice is not installed.
        MicrophoneError: when there is no PortAudio or no such device, it does not record so, or
            does not open within 15 seconds; from the iteration, when it was unplugged.
        ValueError: for numbers that are not positive.
    """
    for name, value in (
        ("sample_rate", sample_rate), ("num_channels", num_channels),
        ("max_pending_audio", max_pending_audio),
    ):  # fmt: skip
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be positive, got {value!r}")
    chosen = await _in_thread(chosen_device, device)
    rate = sample_rate or chosen.sample_rate
    capture = Capture(rate, max(round(max_pending_audio * rate), 2 * round(_BLOCK * rate)))
    try:
        stream = await _in_thread(_open, chosen, rate, num_channels, capture)
        try:
            mic = Microphone(chosen, rate, num_channels, capture, stream)
            frames = aiter(mic)
            assert isinstance(frames, AsyncGenerator)
            async with aclosing(frames):
                yield mic
        finally:
            capture.end()
            with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
                await to_thread.run_sync(stream.close, abandon_on_cancel=True)
    finally:
        capture.end()


def _open(device: InputDevice, rate: int, channels: int, capture: Capture) -> Any:
    sounddevice = load_sounddevice()
    try:
        stream = sounddevice.RawInputStream(
            device=device.index,
            samplerate=rate,
            channels=channels,
            dtype="int16",
            blocksize=max(round(_BLOCK * rate), 1),
            callback=capture.take,
            finished_callback=capture.finished,
        )
        stream.start()
    except sounddevice.PortAudioError as exc:
        raise opening_failed(device, rate, channels, exc) from exc
    if capture.ended:  # nobody waits for it any more
        stream.close()
    return stream


async def _in_thread(function: Any, *arguments: Any) -> Any:
    """Do what may wait for a sound server that does not answer."""
    try:
        with anyio.fail_after(_OPEN_TIMEOUT):
            return await to_thread.run_sync(function, *arguments, abandon_on_cancel=True)
    except TimeoutError as exc:
        raise MicrophoneError(
            f"the sound system does not answer within {_OPEN_TIMEOUT:g} s"
        ) from exc


def _gone(name: str) -> MicrophoneError:
    return MicrophoneError(f"{name} gives nothing any more: is it unplugged?")
