"""What a plugin's stream reads and writes in place of LiveKit's channels."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio

from ...audio.frame import AudioFrame
from ...audio.resampling import Resampler
from . import theirs
from .habits import Habits
from .translation import their_frame

__all__ = ("PluginInput", "PluginOutput")

_CHUNK = 0.1  # seconds
_GUESSES = ("interim_transcript", "preflight_transcript")


class PluginInput:
    """
    What a plugin reads: nothing is taken before it asks, so that what it has heard is known.

    Cancelling a read loses nothing.

    Args:
        source: frames and markers of ours.
        marker: makes what the plugin is given for a marker.
        sample_rate: what it asked LiveKit's base for; `None` takes what comes.
        mono: mix channels for it.
        habits: what it does that LiveKit's interface does not tell.
        on_anew: called when it begins to read anew, having read audio before.
    """

    def __init__(
        self,
        source: AsyncIterator[Any],
        marker: Callable[[], object],
        *,
        sample_rate: int | None,
        mono: bool,
        habits: Habits,
        on_anew: Callable[[], None],
    ) -> None:
        self._source = source
        self._marker = marker
        self._rate = sample_rate
        self._mono = mono
        self._habits = habits
        self._on_anew = on_anew
        self._taken = 0  # frames, since it began to read
        self._given = 0  # samples of one channel, at its rate
        self._last: AudioFrame | None = None
        self._resampler: Resampler | None = None
        self._ready: deque[Any] = deque()
        self._closed = False
        self.ended: bool = False
        """Whether the plugin was told that no more audio comes."""
        self.heard: float = 0.0
        """Seconds of audio that the plugin has read."""
        self.read_at: float = 0.0
        """When it was told that no more audio comes."""
        self.flushed: bool = False
        """Whether a marker was the last that it read."""

    def __aiter__(self) -> PluginInput:
        # One frame is read apart by those who wait for audio before they connect.
        if self._taken > 1:
            self._on_anew()
        self._taken = 0
        return self

    async def __anext__(self) -> Any:
        try:
            return await self.recv()
        except theirs.aio.ChanClosed:
            raise StopAsyncIteration from None

    async def recv(self) -> Any:
        """
        Return the next frame or marker.

        Raises:
            ChanClosed: when nothing more comes.
        """
        while not self._ready:
            if self.closed:
                raise theirs.aio.ChanClosed
            if self.flushed and self._habits.flush_ends:
                await anyio.sleep_forever()  # what comes next is for the next session
            try:
                item = await self._source.__anext__()
            except StopAsyncIteration:
                self._end()
                continue
            self._note(item)
            self._ready.extend(self._prepared(item))
        return self._ready.popleft()

    def recv_nowait(self) -> Any:
        """
        Return what is ready.

        Raises:
            ChanEmpty: when nothing is.
        """
        if not self._ready:
            raise theirs.aio.channel.ChanEmpty
        return self._ready.popleft()

    def send_nowait(self, item: Any) -> None:
        """Take what the plugin pushes into its own stream, to be read next."""
        self._ready.append(item)

    async def send(self, item: Any) -> None:
        """Take what the plugin pushes into its own stream, to be read next."""
        self.send_nowait(item)

    def close(self) -> None:
        """Give nothing more out; LiveKit's base does so when the stream is closed."""
        self._closed = True

    @property
    def closed(self) -> bool:
        """Whether nothing more comes."""
        return self._closed or self.ended

    def qsize(self) -> int:
        """Return how many items are ready."""
        return len(self._ready)

    def empty(self) -> bool:
        """Return whether nothing is ready."""
        return not self._ready

    def full(self) -> bool:
        """Return `False`: nothing waits here."""
        return False

    def _note(self, item: Any) -> None:
        self.flushed = not isinstance(item, AudioFrame)
        if isinstance(item, AudioFrame):
            self._last = item
            self._taken += 1
            self.heard += item.duration

    def _end(self) -> None:
        self.ended, self.read_at = True, anyio.current_time()
        if self._habits.silence and self._last is not None:
            rate, channels = self._last.sample_rate, self._last.num_channels
            frame = _silence(_CHUNK, rate, channels)
            for _ in range(round(self._habits.silence / _CHUNK)):
                self._ready.extend(self._prepared(frame))

    def _prepared(self, item: Any) -> list[Any]:
        """Make theirs of a frame or marker, at the rate the plugin wants."""
        if not isinstance(item, AudioFrame):
            return [*self._tail(), *self._filling(), self._marker()]
        if self._rate is None or self._rate == item.sample_rate:
            return self._theirs(item)
        if self._resampler is None:
            self._resampler = Resampler(item.sample_rate, self._rate, item.num_channels)
        return self._theirs(self._resampler.push(item))

    def _tail(self) -> list[Any]:
        return self._theirs(self._resampler.flush()) if self._resampler else []

    def _filling(self) -> list[Any]:
        """Begin a chunk for a plugin that passes a flush on only with the rest of one."""
        if self._last is None or not self._habits.flush_ends:
            return []
        rate = self._rate or self._last.sample_rate
        if self._given % round(_CHUNK * rate) >= round(_CHUNK * rate) / 2:
            return []
        return self._theirs(_silence(_CHUNK / 2, rate, self._last.num_channels))

    def _theirs(self, frame: AudioFrame | None) -> list[Any]:
        if frame is None:
            return []
        self._given += frame.samples_per_channel
        return [their_frame(frame, mono=self._mono)]


def _silence(seconds: float, rate: int, channels: int) -> AudioFrame:
    samples = round(seconds * rate)
    return AudioFrame(bytes(2 * channels * samples), rate, channels, samples)


class PluginOutput:
    """
    What a plugin writes.

    Args:
        say: is given each event, at once.
        timed: keep `said_at`, which costs a look at the clock for each event.
    """

    def __init__(self, say: Callable[[Any], None], *, timed: bool = False) -> None:
        self._say = say
        self._timed = timed
        self.closed: bool = False
        """Whether the plugin's stream is over; what it says later is dropped."""
        self.unfinished: bool = False
        """Whether a guess was said and no final has come for it."""
        self.open: bool = False
        """Whether somebody began to speak, or a guess was said, and no final has come for it."""
        self.said_at: float = 0.0
        """When it last said something."""

    def send_nowait(self, event: Any) -> None:
        """Say *event*."""
        if self.closed:
            return
        self._note(getattr(event.type, "value", ""), event)
        self._say(event)

    def _note(self, kind: str, event: Any) -> None:
        if self._timed:
            self.said_at = anyio.current_time()
        if kind in _GUESSES:
            self.unfinished = any(data.text.strip() for data in event.alternatives)
            self.open = self.open or self.unfinished
        elif kind == "start_of_speech":
            self.open = True
        elif kind == "final_transcript":
            self.unfinished = self.open = False
        elif kind == "end_of_speech":
            self.unfinished = False

    async def send(self, event: Any) -> None:
        """Say *event*."""
        self.send_nowait(event)

    def close(self) -> None:
        """Take nothing more; LiveKit's base does so when the stream's task ends."""
        self.closed = True
