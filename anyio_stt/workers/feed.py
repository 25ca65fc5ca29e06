"""Audio on its way to a worker: mono, in pieces, and never more than it can soon hear."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import numpy as np
import numpy.typing as npt

from ..audio.frame import AudioBuffer, AudioFrame, as_frame
from ..audio.resampling import Resampler
from .in_thread import ThreadWorker
from .process import WorkerProcess
from .segmenter import SAMPLE_RATE
from .wire import Kind, Message

__all__ = ("MAX_UNHEARD_SECONDS", "WorkerFeed", "mono_bytes", "pieces")

_PIECE_SECONDS = 0.5  # short enough not to keep the event loop, long enough to cost little
MAX_UNHEARD_SECONDS = 2.0
"""What a worker may be sent before it has heard it: it never waits, and a pipe holds half of it."""
_MAX_UNHEARD = round(2 * MAX_UNHEARD_SECONDS * SAMPLE_RATE)  # bytes
_MAX_HELD = round(2 * _PIECE_SECONDS * SAMPLE_RATE)


class WorkerFeed:
    """
    Sends one stream's audio to a worker that tells how much of it has been heard.

    Args:
        worker: who hears it.
    """

    def __init__(self, worker: WorkerProcess | ThreadWorker) -> None:
        self._worker = worker
        self._held = bytearray()
        """What a thread that lags is given along with what comes next."""
        self._unheard: list[int] = []
        self._room = anyio.Event()

    async def send(self, audio: bytes, *, lagging: bool = False) -> None:
        """
        Send *audio*, when the worker has caught up with what was sent before.

        Args:
            audio: mono, at the worker's rate.
            lagging: whether more waits already, so that the worker should not guess, and a thread
                is given more at once. A process sees that by itself.
        """
        if isinstance(self._worker, ThreadWorker):
            self._worker.hurried = lagging
            self._held += audio
            if lagging and len(self._held) < _MAX_HELD:
                return  # going to a thread and back costs as much as judging whether it is speech
            audio = self._take_held()
        await self._send(audio)

    async def _send(self, audio: bytes) -> None:
        while self._unheard and sum(self._unheard) + len(audio) > _MAX_UNHEARD:
            self._room = anyio.Event()
            await self._room.wait()
        self._unheard.append(len(audio))
        await self._worker.send(Message(Kind.AUDIO, audio=audio))

    async def flush(self) -> None:
        """Ask for a final of what was sent."""
        await self._send_held()
        self._unheard.append(0)
        await self._worker.send(Message(Kind.FLUSH))

    async def end(self) -> None:
        """Say that nothing more comes."""
        await self._send_held()
        await self._worker.send(Message(Kind.END))

    async def _send_held(self) -> None:
        if self._held:
            await self._send(self._take_held())

    def _take_held(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held

    def heard(self) -> None:
        """Note one `HEARD`: it answers the oldest message that is unanswered."""
        self._unheard.pop(0)
        self._room.set()


def mono_bytes(frame: AudioFrame) -> bytes:
    """Return *frame* as the bytes of one channel, the mean of all."""
    if frame.num_channels == 1:
        return frame.pcm
    mean: npt.NDArray[np.float64] = frame.to_array().mean(axis=1)
    return np.rint(mean).astype("<i2").tobytes()


def pieces(buffer: AudioBuffer) -> Iterator[bytes]:
    """Yield a recording piece by piece, at the worker's rate."""
    frames = [as_frame(frame) for frame in (buffer if isinstance(buffer, list) else [buffer])]
    resampler = Resampler(frames[0].sample_rate, SAMPLE_RATE, frames[0].num_channels)
    for frame in frames:
        step = max(1, int(_PIECE_SECONDS * frame.sample_rate))
        for begin in range(0, frame.samples_per_channel, step):
            end = min(begin + step, frame.samples_per_channel)
            resampled = resampler.push(frame.slice(begin, end))
            if resampled is not None:
                yield mono_bytes(resampled)
    rest = resampler.flush()
    if rest is not None:
        yield mono_bytes(rest)
