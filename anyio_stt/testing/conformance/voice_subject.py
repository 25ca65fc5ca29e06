"""The detector of voice activity under test, and what was seen of its streams."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import anyio

from ...audio.frame import AudioFrame
from ...vad import VAD, VADStream
from ...voice import VADEvent, VADEventType
from ..audio import cut, silence
from .guard import guarded
from .probe import EngineAbandonedError
from .report import Report
from .run import Item

__all__ = ("VoiceRun", "VoiceSubject")


@dataclass(slots=True)
class VoiceRun:
    """
    What was seen of one stream.

    Args:
        pushed: seconds of audio pushed.
        events: what the consumer got.
        heard: seconds of audio the detector read.
        error: what iterating raised.
        ended: whether iteration ended by itself in time.
    """

    pushed: float
    events: list[VADEvent] = field(default_factory=list)
    heard: float = 0.0
    error: Exception | None = None
    ended: bool = False

    def of(self, kind: VADEventType) -> list[VADEvent]:
        """Return the events of one kind."""
        return [event for event in self.events if event.type is kind]

    @property
    def fault(self) -> str:
        """Why it did not end well, or nothing."""
        if self.error is not None:
            return f"failed: {self.error!r}"
        if not self.ended:
            return f"did not end; the detector had read {self.heard:.3f} of {self.pushed:.3f} s"
        return ""


class VoiceSubject(Report):
    """
    What every check of a detector is given.

    Args:
        make: makes the detector anew.
        audio: speech, with silence around it.
        rng: all chance there is.
        patience: seconds a stream may take longer than the audio lasts.
        grace: seconds the detector may take to end once cancelled.
        tolerance: seconds that times may be off.
    """

    def __init__(
        self,
        make: Callable[[], VAD],
        audio: AudioFrame,
        *,
        rng: random.Random,
        patience: float,
        grace: float,
        tolerance: float,
    ) -> None:
        super().__init__(make)
        self.make = make
        self.audio = audio
        self.rng = rng
        self.patience = patience
        self.grace = grace
        self.tolerance = tolerance
        self._reference: VoiceRun | None = None

    @property
    def frames(self) -> list[AudioFrame]:
        """The audio and a second of silence, in frames of 100 ms."""
        return [*cut(self.audio, 0.1), *self.quiet(1.0)]

    def quiet(self, seconds: float) -> list[AudioFrame]:
        """Return silence in the format of the audio."""
        rate, channels = self.audio.sample_rate, self.audio.num_channels
        return cut(silence(seconds, sample_rate=rate, num_channels=channels), 0.1)

    async def reference(self) -> VoiceRun:
        """Return an undisturbed run over the audio; made once."""
        if self._reference is None:
            self._reference = await self.hear(self.frames)
        return self._reference

    async def hear(self, items: Sequence[Item], *, vad: VAD | None = None) -> VoiceRun:
        """Run one stream to its end."""
        run = VoiceRun(sum(item.duration for item in items if isinstance(item, AudioFrame)))
        limit = self.patience + run.pushed
        stream = (vad or self.make()).stream()
        try:
            async with guarded(stream, limit + self.grace) as (_, probe):
                with anyio.move_on_after(limit):
                    await _push(stream, items)
                    async for event in stream:
                        run.events.append(event)
                    run.ended = True
                run.heard = probe.attempts[-1].heard if probe.attempts else 0.0
        except EngineAbandonedError:
            run.ended = False
        except Exception as exc:  # noqa: BLE001 - the checks judge it
            run.error = exc
        return run


async def _push(stream: VADStream, items: Sequence[Item]) -> None:
    try:
        for item in items:
            if isinstance(item, AudioFrame):
                await stream.send_frame(item)
            else:
                stream.flush()
        stream.end_input()
    except RuntimeError:  # the stream has ended; iterating it tells why
        return
