"""The side of a stream where audio goes in."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable

from anyio.lowlevel import checkpoint

from .._rules.lifecycle import Action, Lifecycle, State
from ..audio.frame import AudioFrame, FrameLike, as_frame
from ..exceptions import StreamClosedError, StreamFullError
from ..options import APIConnectOptions
from .input_queue import InputQueue

__all__ = ("AudioInput",)


class AudioInput:
    """Takes audio in as the lifecycle allows; `AudioStream` makes the parts and runs them."""

    __slots__ = ()

    _core_options: APIConnectOptions
    _core_failure: BaseException | None
    _core_queue: InputQueue
    _core_lifecycle: Lifecycle

    def push_frame(self, frame: FrameLike) -> None:
        """
        Take one frame of audio; never blocks.

        Args:
            frame: an `AudioFrame`, or anything with its four attributes.

        Raises:
            StreamFullError: when `max_pending_audio` seconds wait already; nothing was taken.
            ValueError: when its format is not that of the first frame; nothing was taken.
            InputEndedError: after `end_input()`.
            StreamClosedError: before the stream was started, or after it was closed.
        """
        # For each frame of each stream: what is rare hides behind the queue's gate, and what
        # could be methods stands here.
        if type(frame) is not AudioFrame:
            frame = as_frame(frame)
        queue, samples = self._core_queue, frame.samples_per_channel
        written = queue.written + samples
        if (
            samples
            and written <= queue.gate
            and frame.sample_rate == queue.input_rate
            and frame.num_channels == queue.input_channels
        ):
            log = queue.log
            read_to = log.position if log.position > log.rewound_at else log.rewound_at  # noqa: FURB136 - `max` is a call
            pending = written - read_to
            if pending <= queue.limit:
                queue.written = written
                if pending > queue.peak:
                    queue.peak = pending
                queue.add(frame)
                return
        if self._core_lifecycle.state is not State.OPEN:
            raise self._core_lifecycle.refusal(Action.PUSH) from self._core_failure
        queue.push(frame)

    async def send_frame(self, frame: FrameLike) -> None:
        """
        Take one frame of audio, waiting for room if need be.

        Cancelled while it waits, it has taken nothing. Always a checkpoint.

        Raises:
            ValueError, InputEndedError, StreamClosedError: as `push_frame` does.
        """
        frame = as_frame(frame)
        await checkpoint()
        while True:
            try:
                self.push_frame(frame)
                return
            except StreamFullError:
                await self._core_queue.wait_room()

    async def feed(self, frames: Iterable[FrameLike] | AsyncIterable[FrameLike]) -> None:
        """
        Push all of *frames* at the pace the engine hears them, then end the input.

        Returns early, without an error, when the stream ends before the frames do: whoever
        iterates the stream is told why. When *frames* raises, or this is cancelled, the input
        stays open.

        Args:
            frames: an iterable or async iterable of frames.
        """
        if isinstance(frames, AsyncIterable):
            async for frame in frames:
                if not await self._core_accepts(frame):
                    return
        else:
            for frame in frames:
                if not await self._core_accepts(frame):
                    return
        if self._core_lifecycle.state is not State.CLOSED:
            self.end_input()

    async def _core_accepts(self, frame: FrameLike) -> bool:
        """Send *frame*, in pieces that fit, and return whether the stream still listens."""
        frame = as_frame(frame)
        total = frame.samples_per_channel
        piece = max(1, int(min(total, self._core_options.max_pending_audio * frame.sample_rate)))
        try:
            if total <= piece:
                await self.send_frame(frame)
                return True
            for first in range(0, total, piece):
                await self.send_frame(frame.slice(first, min(first + piece, total)))
        except StreamClosedError:
            if self._core_lifecycle.state is State.CREATED:
                raise
            return False
        return True

    def flush(self) -> None:
        """
        Mark the end of a segment: the engine should say what it has heard so far.

        Without audio since the last mark this does nothing. It succeeds however full the
        stream is.

        Raises:
            InputEndedError: after `end_input()`.
            StreamClosedError: before the stream was started, or after it was closed.
        """
        self._core_lifecycle.advance(Action.FLUSH)
        if self._core_lifecycle.running:
            self._core_queue.flush()

    def end_input(self) -> None:
        """
        Say that no more audio comes: what was pushed is recognised, then iteration ends.

        Raises:
            InputEndedError: when called a second time.
            StreamClosedError: before the stream was started, or after it was closed.
        """
        self._core_lifecycle.advance(Action.END_INPUT)
        if self._core_lifecycle.running:
            self._core_queue.end()
