"""Asks a detector whether a turn is over; whatever it does, nobody loses a turn by it."""

from __future__ import annotations

from functools import partial

import anyio

from .._rules.turns import Question
from .._util.emitter import logger
from ..audio.frame import AudioFrame
from ..audio.mixing import mix_down
from ..audio.resampling import Resampler
from ..moments import TurnDetector
from .off_loop import OffLoopCall

__all__ = ("TurnAsker",)

_RATE = 16000
_FAILURES = 3  # in a row, then it is not asked any more


class TurnAsker:
    """
    One question at a time, off the loop, each with a deadline.

    Args:
        detector: whom to ask.
        label: the engine's name, for the log.
        call: what computes.
    """

    def __init__(self, detector: TurnDetector, label: str, call: OffLoopCall) -> None:
        self._detector, self._label, self._call = detector, label, call
        self._question: Question | None = None
        self._failures = 0

    @property
    def free(self) -> bool:
        """Whether another question can be asked: a late answer holds up the next."""
        return not self._call.busy and self._failures < _FAILURES

    @property
    def awaited(self) -> bool:
        """Whether an answer may come in time."""
        return self._call.awaited

    @property
    def deadline(self) -> float:
        """Until when that is."""
        return self._call.deadline

    def ask(self, question: Question, audio: AudioFrame, patience: float) -> None:
        """Ask *question* about *audio*; an answer that takes longer than *patience* is none."""
        self._question = question
        compute = partial(_judge, self._detector, question, audio)
        self._call.start(compute, anyio.current_time() + patience)

    def take(self) -> tuple[Question, float] | None:
        """Return a question and its answer, once, if one came in time."""
        outcome, question = self._call.take(), self._question
        if outcome is None or question is None:
            return None
        self._question = None
        if isinstance(outcome, BaseException):
            self._failed(outcome)
            return None
        self._failures = 0
        return question, outcome

    def _failed(self, error: BaseException) -> None:
        self._failures += 1
        what = "the turns go by silence alone from now on"
        if self._failures < _FAILURES:
            what = "silence decides"
        name = type(self._detector).__name__
        logger.warning("%s: the turn detector %s failed, %s: %s", self._label, name, what, error)
        logger.debug("%s failed", name, exc_info=error)


def _judge(detector: TurnDetector, question: Question, audio: AudioFrame) -> float:
    """Ask, in a thread; refuse what is no probability."""
    heard = _as_asked(audio, question.channel)
    answer = detector.judge(heard, question.text, question.language, question.silence)
    probability = float(answer)
    if not 0 <= probability <= 1:  # nor is NaN
        raise ValueError(f"{answer!r} is not a probability from 0 to 1")
    return probability


def _as_asked(audio: AudioFrame, channel: int | None) -> AudioFrame:
    """Return *audio* with one channel, at the rate that detectors are promised."""
    if channel is not None and channel < audio.num_channels > 1:
        audio = AudioFrame.from_array(audio.to_array()[:, channel], audio.sample_rate)
    audio = mix_down(audio)
    if audio.sample_rate == _RATE:
        return audio
    resampler = Resampler(audio.sample_rate, _RATE, 1)
    pieces = [each for each in (resampler.push(audio), resampler.flush()) if each is not None]
    pcm = b"".join(each.pcm for each in pieces)
    return AudioFrame(pcm, _RATE, 1, len(pcm) // 2)
