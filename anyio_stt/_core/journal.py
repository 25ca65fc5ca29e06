"""The input of a stream: audio and markers on one clock, bounded, waiting for the engine."""

from __future__ import annotations

import math
from collections.abc import Callable

import anyio

from .._rules.replay import MARKER, Marker, ReplayWindow
from .._rules.timeline import PushTimes
from ..audio.cutting import FrameCutter
from ..audio.frame import AudioFrame
from ..audio.resampling import Resampler
from ..exceptions import StreamFullError
from ..options import APIConnectOptions
from .channel import Channel

__all__ = ("InputJournal",)

_MARK_SECONDS = 0.1


class InputJournal:
    """
    Takes audio in, and knows of each sample whether it waits, was read, or is covered.

    Positions are samples of one channel at the rate the engine hears, counted from the first
    sample pushed. State changes here are synchronous; only `wait_room` waits.

    Args:
        options: the bounds.
        sample_rate: the rate the engine wants, or `None` for that of the first frame.
        frame_duration: the length of frames the engine wants, in seconds, or `None` for any.
    """

    def __init__(
        self, options: APIConnectOptions, sample_rate: int | None, frame_duration: float | None
    ) -> None:
        self.channel: Channel[AudioFrame | Marker] = Channel()
        self.window = ReplayWindow(0)
        self.times = PushTimes()
        self.rate = sample_rate or 0
        self.frame_duration = frame_duration
        self.input_rate = 0
        self.num_channels = 0
        self.written = 0
        """Samples that came in, those still in the resampler not counted."""
        self.peak = 0
        self._received = 0
        self.on_idle: Callable[[], None] = _nothing
        """Called when `idle_timeout` seconds of audio came since `expect_word`."""
        self._idle_seconds = options.idle_seconds
        self._idle_from: int | None = None
        self._idle_mark = math.inf
        self._max_pending = options.max_pending_audio
        self._replay_limit = options.replay_limit
        self._limit = math.inf
        self._next_mark = 0
        self._marked = True  # nothing came in since the last marker
        self._resampler: Resampler | None = None
        self._cutter: FrameCutter | None = None
        self._room: anyio.Event | None = None

    @property
    def cut_size(self) -> int:
        """Samples in each frame the engine wants, or 0 for any."""
        return self._cutter.samples if self._cutter else 0

    @property
    def pending(self) -> int:
        """Samples that no attempt has read."""
        return self.written - self.window.end

    @property
    def pushed_seconds(self) -> float:
        """How much audio came in."""
        return self._received / self.input_rate if self.input_rate else 0.0

    def seconds(self, samples: int) -> float:
        """Return how long so many samples are."""
        return samples / self.rate if self.rate else 0.0

    # ---- taking audio in

    def push(self, frame: AudioFrame) -> None:
        """
        Take one frame, or raise and take nothing.

        Raises:
            ValueError: when the frame's format is not that of the first, or when it is longer
                than everything that may wait.
            StreamFullError: when it does not fit now.
        """
        if frame.sample_rate != self.input_rate or frame.num_channels != self.num_channels:
            self._check_format(frame)
        samples = frame.samples_per_channel
        if not samples:
            return
        if self.written - self.window.end + samples * self._ratio > self._limit:
            raise self._full(frame)
        self._received += samples
        self._marked = False
        self._mark_time()
        if self._resampler is None:
            self._write(frame)
        else:
            resampled = self._resampler.push(frame)
            if resampled is not None:
                self._write(resampled)

    async def wait_room(self) -> None:
        """Wait until some audio was read, or the journal was closed."""
        if self._room is None:
            self._room = anyio.Event()
        await self._room.wait()

    def flush(self) -> None:
        """Put a marker behind all audio that came in, unless one stands there already."""
        if self._marked and self.input_rate:
            return
        self._marked = True
        tail = self._resampler.flush() if self._resampler else None
        if tail is not None:
            self._write(tail)
        rest = self._cutter.flush() if self._cutter else None
        if rest is not None:
            self.channel.send_nowait(rest)
        self.channel.send_nowait(MARKER)

    def end(self) -> None:
        """Say that nothing more comes."""
        self.flush()
        self.channel.close()

    def close(self) -> None:
        """Let go of everything, and wake who waits for room."""
        self.channel.close()
        self.channel.items.clear()
        self._notify_room()

    def note_read(self, item: AudioFrame | Marker) -> None:
        """Keep what an attempt took, and let senders know that there is room."""
        self.window.record(item)
        if self._room is not None:
            self._notify_room()

    # ---- what becomes of it

    def cover(self, position: int) -> None:
        """Note that finals cover everything before *position*."""
        self.window.cover(position)
        self.times.forget(position)

    def expect_word(self, position: int | None) -> None:
        """Count the audio after *position* until the engine speaks; `None` counts none."""
        if self._idle_seconds < math.inf:
            self._idle_from = position
            self._set_idle_mark()
            self._check_idle()

    # ---- inside

    def _set_idle_mark(self) -> None:
        if self._idle_from is None or not self.rate:
            self._idle_mark = math.inf
        else:
            self._idle_mark = self._idle_from + self._idle_seconds * self.rate

    def _check_idle(self) -> None:
        if self.written >= self._idle_mark:
            self._idle_mark = math.inf
            self.on_idle()

    def _notify_room(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.set()

    def _write(self, frame: AudioFrame) -> None:
        self.written += frame.samples_per_channel
        self._check_idle()
        pending = self.written - self.window.end
        if pending > self.peak:
            self.peak = pending
        if self._cutter is None:
            self.channel.send_nowait(frame)
            return
        for piece in self._cutter.push(frame):
            self.channel.send_nowait(piece)

    def _mark_time(self) -> None:
        if self.written >= self._next_mark or self.channel.waiting:
            self.times.forget(self.window.horizon)
            self.times.mark(self.written, anyio.current_time())
            self._next_mark = self.written + int(_MARK_SECONDS * self.rate)

    def _check_format(self, frame: AudioFrame) -> None:
        if self.input_rate:
            raise ValueError(
                f"a stream takes one format: it began with {self.input_rate} Hz and "
                f"{self.num_channels} channel(s), this frame has {frame.sample_rate} Hz and "
                f"{frame.num_channels}; open another stream for it, or resample it first"
            )
        self.input_rate, self.num_channels = frame.sample_rate, frame.num_channels
        self.rate = self.rate or frame.sample_rate
        self._set_idle_mark()
        self._limit = self._max_pending * self.rate
        self.window.limit = self._replay_limit * self.rate
        if self.rate != frame.sample_rate:
            self._resampler = Resampler(frame.sample_rate, self.rate, frame.num_channels)
        if self.frame_duration:
            self._cutter = FrameCutter(max(1, round(self.frame_duration * self.rate)))

    @property
    def _ratio(self) -> float:
        return self.rate / self.input_rate if self._resampler else 1

    def _full(self, frame: AudioFrame) -> Exception:
        if frame.duration > self._max_pending:
            return ValueError(
                f"a frame of {frame.duration:.3f} s is longer than all audio that may wait "
                f"(max_pending_audio={self._max_pending:g} s); cut it, or raise the limit in "
                f"APIConnectOptions"
            )
        return StreamFullError(
            f"{self.seconds(self.pending):.3f} s of audio wait for the engine already "
            f"(max_pending_audio={self._max_pending:g} s); wait with `await send_frame(frame)`, "
            f"or raise the limit in APIConnectOptions"
        )


def _nothing() -> None:
    pass
