"""The input of a stream: audio and markers on one clock, bounded, waiting for the engine."""

from __future__ import annotations

import math
from collections.abc import Callable

import anyio

from .._rules.audio_log import AudioLog
from .._rules.timeline import PushTimes
from ..audio.cutting import FrameCutter
from ..audio.frame import AudioFrame
from ..audio.resampling import Resampler
from ..options import APIConnectOptions
from .refusals import never_fits, no_room, other_format
from .wakeup import Wakeup

__all__ = ("InputJournal",)

_MARK_SECONDS = 0.5


class InputJournal:
    """
    Takes audio in, and knows of each sample whether it waits, was read, or is covered.

    Positions are samples of one channel at the rate the engine hears, from the first one pushed.
    State changes here are synchronous; only `wait_room` waits.

    Args:
        options: the bounds.
        sample_rate: the rate the engine wants, or `None` for that of the first frame.
        frame_duration: the length of frames the engine wants, in seconds, or `None` for any.

    Raises:
        ValueError: when one of the two is not positive.
    """

    __slots__ = (
        "_cutter",
        "_frame_duration",
        "_idle_from",
        "_idle_mark",
        "_limit",
        "_marker_at",
        "_next_time_mark",
        "_options",
        "_ratio",
        "_received",
        "_resampler",
        "_room",
        "add",
        "arrival",
        "ended",
        "gate",
        "input_rate",
        "log",
        "num_channels",
        "on_idle",
        "peak",
        "rate",
        "times",
        "written",
    )

    def __init__(
        self, options: APIConnectOptions, sample_rate: int | None, frame_duration: float | None
    ) -> None:
        if sample_rate is not None and sample_rate <= 0:
            raise ValueError(f"sample_rate must be positive, got {sample_rate!r}")
        if frame_duration is not None and not 0 < frame_duration < math.inf:
            raise ValueError(f"frame_duration must be positive seconds, got {frame_duration!r}")
        self.log = AudioLog()
        self.arrival = Wakeup()
        self.times = PushTimes()
        self.rate = sample_rate or 0
        self.input_rate = 0
        self.num_channels = 0
        self.gate = -1.0
        """How far audio of this format may be added without calling `push`."""
        self.add: Callable[[AudioFrame], object] = self.log.items.append
        self.written = 0
        """Samples that came in, those still in the resampler not counted."""
        self.peak: float = 0
        """The most samples that ever waited, as far as it was noted."""
        self.ended = False
        self.on_idle: Callable[[], None] = lambda: None
        """Called when `idle_timeout` seconds of audio came since `expect_word`."""
        self._room: anyio.Event | None = None
        self._options = options
        self._frame_duration = frame_duration
        self._received = 0  # samples before resampling
        self._marker_at = -1  # ... when the last marker was put
        self._ratio: float = 1
        self._limit = math.inf
        self._next_time_mark = -math.inf  # the first frame has a mark of its own
        self._resampler: Resampler | None = None
        self._cutter: FrameCutter | None = None
        self._idle_from: int | None = None
        self._idle_mark = math.inf

    # ---- taking audio in

    def push(self, frame: AudioFrame) -> None:
        """
        Take one frame, or raise and take nothing.

        Raises:
            ValueError: when the frame's format is not that of the first, or when it is longer
                than everything that may wait.
            StreamFullError: when it does not fit now.
        """
        samples = frame.samples_per_channel
        if frame.sample_rate != self.input_rate or frame.num_channels != self.num_channels:
            self._check_format(frame)
        # What the cutter holds is no use to the engine yet: it must not keep out what is missing.
        held = self._cutter.held if self._cutter is not None else 0
        furthest, coming = self.log.furthest, samples * self._ratio
        pending = self.written - furthest
        if pending - held + coming > self._limit:
            raise no_room(frame, self.seconds(pending), self._options.max_pending_audio)
        if not samples:
            return
        if self.written + coming > self._next_time_mark:
            self._mark_time(coming)
        if self._resampler is None:
            self._write(frame)
        else:
            self._received += samples
            self._write(self._resampler.push(frame))
        self.peak = max(self.peak, pending + coming)
        self._set_gate(furthest)

    async def wait_room(self) -> None:
        """Wait until some audio was read, or the journal was closed."""
        if self._room is None:
            self._room = anyio.Event()
        self.log.recall()
        self.log.gate = -1  # the next read is noted
        await self._room.wait()

    def flush(self) -> None:
        """Put a marker behind all audio that came in, unless one stands there already."""
        if self.received == self._marker_at:
            return
        self._marker_at = self.received
        if self._resampler is not None:
            self._write(self._resampler.flush())
        rest = self._cutter.flush() if self._cutter else None
        if rest is not None:
            self.log.items.append(rest)
        self.log.mark()
        self.arrival.call()

    def end(self) -> None:
        """Say that nothing more comes."""
        self.flush()
        self.ended = True
        self.gate = -1.0
        self.arrival.call()

    def close(self) -> None:
        """Let go of everything, and wake who waits for room."""
        self.ended = True
        self.gate = -1.0
        self.log.clear()
        self.arrival.call()
        self._notify_room()

    # ---- what becomes of it

    def rewind(self) -> tuple[int, int]:
        """Let the next attempt begin where finals end; return that position, and what is lost."""
        origin, lost = self.log.rewind()
        if self._cutter is not None:
            self.log.recut(self._cutter)
        return origin, lost

    def cover(self, position: int) -> None:
        """Note that finals cover everything before *position*."""
        self.log.cover(position)
        self.times.forget(position)

    def expect_word(self, position: int | None) -> None:
        """Count the audio after *position* until the engine speaks; `None` counts none."""
        if self._options.idle_seconds < math.inf:
            self._idle_from = position
            self._set_idle_mark()
            self._check_idle()

    def note_read(self) -> None:
        """Take note before something is read, and let those push who wait for room."""
        if self.written - self.log.reached > self.peak:
            self.peak = max(self.peak, self.pending)
        if self._room is not None:
            self._notify_room()

    # ---- how much

    @property
    def pending(self) -> int:
        """Samples that no attempt has read."""
        return self.written - self.log.furthest

    @property
    def resampler(self) -> str | None:
        """The library that resamples, if one does."""
        return self._resampler.backend if self._resampler is not None else None

    @property
    def received(self) -> int:
        """Samples that came in, at the rate they came with."""
        return self.written if self._resampler is None else self._received

    @property
    def pushed_seconds(self) -> float:
        """How much audio came in."""
        return self.received / self.input_rate if self.input_rate else 0.0

    def pushed_at(self, position: int) -> float | None:
        """Return when the sample before *position* was pushed, or `None` if that is forgotten."""
        return self.times.when(position, self.rate, anyio.current_time())

    def seconds(self, samples: float) -> float:
        """Return how long so many samples are."""
        return samples / self.rate if self.rate else 0.0

    # ---- inside

    def _notify_room(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.set()

    def _set_gate(self, furthest: int) -> None:
        """Find out how far audio may come before something has to be looked at again."""
        if self._resampler is not None or self.ended:
            self.gate = -1.0
        else:
            self.gate = min(furthest + self._limit, self._next_time_mark, self._idle_mark - 1)

    def _write(self, frame: AudioFrame | None) -> None:
        if frame is None:
            return  # the resampler keeps it for now
        self.written += frame.samples_per_channel
        if self.written >= self._idle_mark:
            self._check_idle()
        self.add(frame)

    def _add_cut(self, frame: AudioFrame) -> None:
        assert self._cutter is not None
        self.log.items.extend(self._cutter.push(frame))

    def _mark_time(self, samples: float) -> None:
        if self.times.mark(self.written, self.written + samples, anyio.current_time()):
            self.times.forget(self.log.horizon)
        self._next_time_mark = self.written + _MARK_SECONDS * self.rate

    def _set_idle_mark(self) -> None:
        self._idle_mark = math.inf
        if self._idle_from is not None and self.rate:
            self._idle_mark = self._idle_from + self._options.idle_seconds * self.rate
        self._set_gate(self.log.furthest)

    def _check_idle(self) -> None:
        if self.written >= self._idle_mark:
            self._idle_mark = math.inf
            self.on_idle()

    def _check_format(self, frame: AudioFrame) -> None:
        if self.input_rate:
            raise other_format(frame, self.input_rate, self.num_channels)
        if never_fits(frame, self._options.max_pending_audio):
            raise no_room(frame, self.seconds(self.pending), self._options.max_pending_audio)
        self.input_rate, self.num_channels = frame.sample_rate, frame.num_channels
        self.rate = self.rate or frame.sample_rate
        self._limit = self._options.max_pending_audio * self.rate
        self.log.limit = self._options.replay_seconds() * self.rate
        self.log.pack_size = self.rate
        self._set_idle_mark()
        if self.rate != frame.sample_rate:
            self._resampler = Resampler(
                frame.sample_rate, self.rate, frame.num_channels, backend=self._options.resampler
            )
            self._ratio = self.rate / frame.sample_rate
            self._limit += 1  # what fits before resampling fits, rounded up, after it
        if self._frame_duration:
            self._cutter = FrameCutter(max(1, round(self._frame_duration * self.rate)))
            self.add = self._add_cut
