"""Where segments of speech begin and end, given how likely each stretch of audio is speech."""

from __future__ import annotations

import math
from collections import deque

from ..audio.frame import AudioFrame
from ..voice import VADEvent, VADEventType, VADOptions

__all__ = ("VoiceSegments",)

_START, _END = VADEventType.START_OF_SPEECH, VADEventType.END_OF_SPEECH


class VoiceSegments:
    """
    Turns probabilities into segments that keep their audio, sample by sample.

    No sample belongs to two segments: the padding of one never reaches into the one before.

    Args:
        options: thresholds and durations.
        sample_rate: samples a second of the audio that is pushed.
    """

    __slots__ = (
        "_audio",
        "_first",
        "_longest",
        "_options",
        "_padding",
        "_position",
        "_rate",
        "_silence",
        "_silence_run",
        "_speaking",
        "_speech",
        "_speech_run",
    )

    def __init__(self, options: VADOptions, sample_rate: int) -> None:
        self._options = options
        self._rate = sample_rate
        self._padding = round(options.prefix_padding_duration * sample_rate)
        self._longest = round(options.max_buffered_speech * sample_rate)
        self._audio: deque[AudioFrame] = deque()
        self._first = 0  # the position of the first sample kept
        self._position = 0
        self._speaking = False
        self._speech_run = self._silence_run = 0  # samples judged alike up to now
        self._speech = self._silence = 0  # since the segment, or the pause, began

    def push(self, frame: AudioFrame, probability: float, inference: float = 0.0) -> list[VADEvent]:
        """
        Take a stretch of audio and return what follows from it.

        Args:
            frame: the audio, one channel.
            probability: how likely it is speech.
            inference: how long judging it took, in seconds.

        Raises:
            ValueError: when it is not a number, which would pass for silence.
        """
        if math.isnan(probability):
            raise ValueError("a detector's probability of speech is a number, got NaN")
        self._take(frame)
        self._count(frame.samples_per_channel, probability)
        done = self._event(
            VADEventType.INFERENCE_DONE, [frame], probability=probability, inference=inference
        )
        return [done, *self._decide(probability)]

    def flush(self, rest: AudioFrame | None = None) -> list[VADEvent]:
        """
        End the open segment here.

        Args:
            rest: audio too short to be judged; it belongs to the open segment.
        """
        if rest is not None:
            self._take(rest)
            if self._speaking:
                self._speech += rest.samples_per_channel
        events = [self._end()] if self._speaking else []
        self._drop_before(self._position - self._padding)
        self._speech_run = 0
        return events

    def _count(self, samples: int, probability: float) -> None:
        options = self._options
        if probability >= (options.release if self._speaking else options.activation_threshold):
            self._speech_run += samples
            self._silence_run = 0
        else:
            self._silence_run += samples
            self._speech_run = 0
        if self._speaking:
            self._speech += samples
            self._silence = self._silence_run
        else:
            self._silence += samples

    def _decide(self, probability: float) -> list[VADEvent]:
        options, rate = self._options, self._rate
        if not self._speaking:
            onset = self._position - self._speech_run
            self._drop_before(onset - self._padding)
            if self._speech_run and self._speech_run >= options.min_speech_duration * rate:
                return [self._start(probability)]
        elif self._silence_run >= options.min_silence_duration * rate:
            return [self._end(probability)]
        elif self._position - self._first >= self._longest:
            return [self._end(probability), self._start(probability)]
        return []

    def _start(self, probability: float) -> VADEvent:
        self._speaking = True
        self._speech, self._silence = self._speech_run, self._silence_run
        return self._event(_START, list(self._audio), probability=probability)

    def _end(self, probability: float = 0.0) -> VADEvent:
        self._speaking = False
        self._speech -= self._silence_run
        event = self._event(_END, list(self._audio), probability=probability)
        self._drop_before(self._position)
        self._speech = self._speech_run = 0
        self._silence = self._silence_run
        return event

    def _event(
        self,
        kind: VADEventType,
        frames: list[AudioFrame],
        *,
        probability: float,
        inference: float = 0.0,
    ) -> VADEvent:
        rate = self._rate
        return VADEvent(
            kind,
            samples_index=self._position,
            timestamp=self._position / rate,
            speech_duration=self._speech / rate,
            silence_duration=self._silence / rate,
            frames=frames,
            probability=probability,
            inference_duration=inference,
            speaking=self._speaking,
            raw_accumulated_silence=self._silence_run / rate,
            raw_accumulated_speech=self._speech_run / rate,
        )

    def _take(self, frame: AudioFrame) -> None:
        self._audio.append(frame)
        self._position += frame.samples_per_channel

    def _drop_before(self, position: int) -> None:
        """Let go of the audio before *position*, to the sample."""
        while self._audio and self._first < position:
            frame = self._audio.popleft()
            end = self._first + frame.samples_per_channel
            if end > position:
                self._audio.appendleft(frame.slice(position - self._first))
                end = position
            self._first = end
