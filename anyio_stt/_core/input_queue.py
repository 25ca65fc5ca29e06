"""The input of a stream: audio and markers on one clock, bounded, waiting for the engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import anyio

from .._rules.replay_log import MARKER, Item, ReplayLog, recut
from .._rules.timeline import PushTimes
from ..audio.cutting import FrameCutter
from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..audio.resampling import Resampler
from ..options import APIConnectOptions
from .channel import Channel
from .wanted import WantedAudio, never_fits, no_room, other_format

__all__ = ("InputQueue",)

_MARK_SECONDS = 0.5


class InputQueue:
    """
    Takes audio in, for the engine's present attempt to read from `channel`.

    Positions are samples of one channel at the rate the engine hears, from the first one pushed.
    State changes here are synchronous; only `wait_room` waits.

    Args:
        options: the bounds.
        replay_limit: seconds that are kept of what was read.
        wanted: what the engine wants to hear.
    """

    def __init__(
        self, options: APIConnectOptions, replay_limit: float, wanted: WantedAudio
    ) -> None:
        self.log: ReplayLog = ReplayLog()
        self.times: PushTimes = PushTimes()
        self.rate: int = wanted.sample_rate or 0
        self.num_channels: int = wanted.num_channels or 0
        self.input_rate: int = 0
        self.input_channels: int = 0
        self.gate: float = -1.0
        """How far audio of this format may be added without calling `push`."""
        self.limit: float = math.inf  # how many samples may wait
        self.notice_at: float = -1.0
        """How far a reader may go without calling `note_read`."""
        self.written: int = 0
        """Samples that came in, those still in the resampler not counted."""
        self.peak: float = 0  # the most samples that ever waited
        self.ended: bool = False
        self.on_idle: Callable[[float], None] = lambda _: None
        """Told how long audio flowed when `idle_timeout` seconds came since `expect_word`."""
        self.on_end: Callable[[], None] = lambda: None
        """Called when the input ends."""
        self._room: anyio.Event | None = None
        self._options = options
        self.replay_limit = replay_limit
        self._wanted = wanted
        self._received = 0  # samples before resampling
        self._marker_at = 0  # ... when the last marker was put
        self._ratio: float = 1
        self._next_time_mark = -math.inf  # the first frame has a mark of its own
        self._resampler: Resampler | None = None
        self._cutter: FrameCutter | None = None
        self._idle_from: int | None = None
        self._idle_since = 0.0
        self._idle_mark = math.inf

    def open(self) -> None:
        """Begin; the event loop is running."""
        self.channel: Channel[Item] = Channel()
        self.add: Callable[[AudioFrame], None] = self.channel.put

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
        if frame.sample_rate != self.input_rate or frame.num_channels != self.input_channels:
            self._set_format(frame)
        # What the cutter holds is no use to the engine yet: it must not keep out what is missing.
        held = self._cutter.held if self._cutter is not None else 0
        pending = self.written - self.log.furthest
        coming = samples * self._ratio
        if pending - held + coming > self.limit:
            raise no_room(frame, self.seconds(pending), self._options.max_pending_audio)
        if not samples:
            return
        if self.written + coming > self._next_time_mark:
            self._mark_time(coming)
        if frame.num_channels != self.num_channels:
            frame = mix_down(frame)
        if self._resampler is None:
            self._write(frame)
        else:
            self._received += samples
            self._write(self._resampler.push(frame))
        self.peak = max(self.peak, pending + coming)
        self._set_gate()

    async def wait_room(self) -> None:
        """Wait until some audio was read, or the queue was closed."""
        if self._room is None:
            self._room = anyio.Event()
        self.notice_at = -1  # the next read is noted
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
            self.channel.put(rest)
        self.channel.put(MARKER)

    def end(self) -> None:
        """Say that nothing more comes."""
        self.flush()
        self.ended = True
        self.gate = -1.0
        self.channel.end()
        self.on_end()

    def close(self) -> None:
        """Let go of everything, and wake who waits for room."""
        self.ended = True
        self.gate = -1.0
        self.log.clear()
        self.channel.drain()
        self._notify_room()

    # ---- what becomes of it

    def rewind(self, refused: Sequence[tuple[int, int]]) -> tuple[int, int]:
        """
        Let the next attempt begin with what was not answered, in a channel of its own.

        Returns the position of its first sample, and how many samples before it are lost.
        """
        origin, lost, items = self.log.rewind(self.rate, self.num_channels or 1, refused)
        items += self.channel.drain()
        self.open()
        self.notice_at = -1
        if self._cutter is not None:
            items = recut(items, self._cutter)
            self.add = self._add_cut
        for item in items:
            self.channel.put(item)
        if self.ended:
            self.channel.end()
        return origin, lost

    def cover(self, position: int) -> None:
        """Note that everything before *position* was answered."""
        self.log.cover(position)
        self.log.trim(self.num_channels or 1)

    def expect_word(self, position: int | None) -> None:
        """Count the audio after *position* until the engine speaks; `None` counts none."""
        if self._options.idle_seconds < math.inf:
            self._idle_from = position
            self._idle_since = anyio.current_time()
            self._set_idle_mark()
            self._check_idle()

    def note_read(self) -> bool:
        """Take note of a read, let those push who wait for room; return whether to trim."""
        log, before = self.log, self.notice_at
        self.notice_at = log.note_read(self.rate)
        if self._room is not None:
            self._notify_room()
        log.trim(self.num_channels or 1)
        return before >= 0

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
    def total(self) -> int:
        """Samples that came in, at the engine's rate, those still in the resampler counted."""
        return max(self.written, round(self.received * self._ratio))

    @property
    def pushed_seconds(self) -> float:
        """How much audio came in."""
        return self.received / self.input_rate if self.input_rate else 0.0

    def seconds(self, samples: float) -> float:
        """Return how long so many samples are."""
        return samples / self.rate if self.rate else 0.0

    # ---- inside

    def _notify_room(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.set()

    def _set_gate(self) -> None:
        """Find out how far audio may come before something has to be looked at again."""
        if self._resampler is not None or self.num_channels != self.input_channels or self.ended:
            self.gate = -1.0
        else:
            self.gate = min(self._next_time_mark, self._idle_mark - 1)

    def _write(self, frame: AudioFrame | None) -> None:
        if frame is None:
            return  # the resampler keeps it for now
        self.written += frame.samples_per_channel
        if self.written >= self._idle_mark:
            self._check_idle()
        self.add(frame)

    def _add_cut(self, frame: AudioFrame) -> None:
        assert self._cutter is not None
        for piece in self._cutter.push(frame):
            self.channel.put(piece)

    def _mark_time(self, samples: float) -> None:
        if self.times.mark(self.written, self.written + samples, anyio.current_time(), self.rate):
            self.times.forget(max(self.log.covered, self.log.horizon))
        self._next_time_mark = self.written + _MARK_SECONDS * self.rate

    def _set_idle_mark(self) -> None:
        self._idle_mark = math.inf
        if self._idle_from is not None and self.rate:
            self._idle_mark = self._idle_from + self._options.idle_seconds * self.rate
        self._set_gate()

    def _check_idle(self) -> None:
        if self.written >= self._idle_mark and self._idle_from is not None:
            self._idle_mark = math.inf
            span = self._idle_from, self.written, self._idle_since
            self.on_idle(self.times.flowed(*span, self.rate, anyio.current_time()))

    def _set_format(self, frame: AudioFrame) -> None:
        if self.input_rate:
            raise other_format(frame, self.input_rate, self.input_channels)
        if never_fits(frame, self._options.max_pending_audio):
            raise no_room(frame, self.seconds(self.pending), self._options.max_pending_audio)
        rate, resampler = self.rate or frame.sample_rate, None
        channels = self._wanted.channels_of(frame)
        if rate != frame.sample_rate:
            backend = self._options.resampler
            resampler = Resampler(frame.sample_rate, rate, channels, backend=backend)
        # Nothing fails from here on, so a frame that is refused has changed nothing.
        self.input_rate, self.input_channels = frame.sample_rate, frame.num_channels
        self.rate, self.num_channels = rate, channels
        self.limit = self._options.max_pending_audio * rate
        self.log.limit = self.replay_limit * rate
        self._set_idle_mark()
        if resampler is not None:
            self._resampler = resampler
            self._ratio = rate / frame.sample_rate
            self.limit += 1  # what fits before resampling fits, rounded up, after it
        if self._wanted.frame_duration:
            self._cutter = FrameCutter(max(1, round(self._wanted.frame_duration * rate)))
            self.add = self._add_cut
