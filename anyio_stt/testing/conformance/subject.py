"""The engine under test: how to make it, what it is given to hear, and what was seen."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from copy import copy

from ...audio.frame import AudioFrame
from ...options import APIConnectOptions
from ...stt import STT
from ..audio import cut, silence
from ..streaming import streaming
from .probe import BreakPoint
from .report import Report
from .run import Item, Run, play

__all__ = ("Subject",)


class Subject(Report):
    """
    What every check is given.

    Args:
        make: makes the engine anew.
        audio: speech that the engine understands.
        rng: all chance there is.
        patience: seconds an engine may take longer than the audio lasts.
        grace: seconds it may take to end once cancelled.
        tolerance: seconds that times may be off.
        make_failing: makes an engine whose attempts all fail, if there is one.
        make_refusing: makes an engine whose provider refuses its first utterance, likewise.
    """

    def __init__(
        self,
        make: Callable[[], STT],
        audio: AudioFrame,
        *,
        rng: random.Random,
        patience: float = 10.0,
        grace: float = 1.0,
        tolerance: float = 0.3,
        make_failing: Callable[[], STT] | None = None,
        make_refusing: Callable[[], STT] | None = None,
    ) -> None:
        super().__init__(make)
        self.make = make
        self.audio = audio
        self.rng = rng
        self.patience = patience
        self.grace = grace
        self.tolerance = tolerance
        self.make_failing = make_failing
        self.make_refusing = make_refusing
        self.log: list[str] = []
        """What was logged while the suite ran, and the errors it saw."""
        self._reference: Run | None = None
        self._twice: Run | None = None
        self._behind_detector: Subject | None = None

    def behind_detector(self) -> Subject:
        """Return the same for the streams that `StreamAdapter` makes of a batch engine."""
        if self._behind_detector is None:
            self._behind_detector = subject = copy(self)
            subject.make, subject.streamed = streaming(self.make), True
            if self.make_failing is not None:
                subject.make_failing = streaming(self.make_failing)
            if self.make_refusing is not None:
                subject.make_refusing = streaming(self.make_refusing)
        return self._behind_detector

    # ---- hearing

    @property
    def frames(self) -> list[AudioFrame]:
        """The audio in frames of 100 ms."""
        return cut(self.audio, 0.1)

    @property
    def short(self) -> list[AudioFrame]:
        """As much of it as a check needs that wants no transcript."""
        return self.frames[:10]

    def quiet(self, seconds: float) -> list[AudioFrame]:
        """Return silence in the format of the audio."""
        form = self.audio
        return cut(
            silence(seconds, sample_rate=form.sample_rate, num_channels=form.num_channels), 0.1
        )

    async def reference(self) -> Run:
        """Return an undisturbed run over the audio; made once."""
        if self._reference is None:
            self._reference = await self.hear(self.frames)
        return self._reference

    async def twice(self) -> Run:
        """Return a run over the audio twice, with a pause and a flush after each; made once."""
        if self._twice is None:
            part: list[Item] = [*self.frames, *self.quiet(0.5), "flush"]
            self._twice = await self.hear(part * 2)
        return self._twice

    async def understood(self) -> Run | None:
        """Return the undisturbed run, or `None` when it failed: "ending" says why."""
        run = await self.reference()
        return run if run.ended and run.error is None and run.text.strip() else None

    async def hear(
        self,
        items: Sequence[Item],
        *,
        stt: STT | None = None,
        break_at: BreakPoint | None = None,
        max_retry: int = 2,
    ) -> Run:
        """Run one stream, of an engine of its own unless *stt* is given."""
        options = self.options(max_retry)
        if stt is not None:
            run = await play(stt, items, options=options, patience=self.patience, break_at=break_at)
        else:
            async with self.make() as own:
                run = await play(
                    own, items, options=options, patience=self.patience, break_at=break_at
                )
        self.log += [repr(failure.error) for failure in run.failures]
        if run.error is not None:
            self.log.append(repr(run.error))
        return run

    def options(self, max_retry: int = 2) -> APIConnectOptions:
        """Return options for a stream or call of the suite."""
        return APIConnectOptions(
            max_retry=max_retry,
            retry_interval=0.05,
            timeout=self.patience,
            close_timeout=self.grace,
        )
