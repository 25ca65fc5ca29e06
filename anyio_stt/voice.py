"""What a voice activity detector says, and what may be chosen about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, unique

from .audio.frame import AudioFrame

__all__ = ("VADCapabilities", "VADEvent", "VADEventType", "VADOptions")


@unique
class VADEventType(str, Enum):
    """The kinds of event: `INFERENCE_DONE` at any time, the other two in turns."""

    START_OF_SPEECH = "start_of_speech"
    """Someone has spoken for `min_speech_duration`."""
    INFERENCE_DONE = "inference_done"
    """A stretch of audio was judged; a later one replaces it while nobody has read it."""
    END_OF_SPEECH = "end_of_speech"
    """Nobody has spoken for `min_silence_duration`, or the segment was ended by a marker."""


@dataclass(frozen=True, slots=True)
class VADCapabilities:
    """
    What a detector can do.

    Args:
        update_interval: seconds of audio from one `INFERENCE_DONE` to the next.
        max_speech: the most seconds from `START_OF_SPEECH` to its end, padding included; `None`
            where that is not known.
    """

    update_interval: float
    max_speech: float | None = None


@dataclass(frozen=True, slots=True)
class VADEvent:
    """
    One event of a detector. Times are in seconds on the stream's audio clock.

    Args:
        type: what kind of event this is.
        samples_index: how many samples the detector had heard, at the rate it hears.
        timestamp: the same in seconds.
        speech_duration: how long the open segment has lasted, its onset included; on
            `END_OF_SPEECH`, how long it lasted without the silence that ended it.
        silence_duration: how long nobody has spoken.
        frames: the audio of the segment. On `END_OF_SPEECH` all of it, from the padding before
            its onset to `samples_index`; on `START_OF_SPEECH` what there is of it so far; on
            `INFERENCE_DONE` what was judged.
        probability: 0 to 1, how sure the detector is that someone speaks.
        inference_duration: seconds of computing.
        speaking: whether a segment is open.
        raw_accumulated_silence: seconds without speech up to now, whatever the durations say.
        raw_accumulated_speech: seconds of speech up to now, likewise.
    """

    type: VADEventType
    samples_index: int
    timestamp: float
    speech_duration: float
    silence_duration: float
    frames: list[AudioFrame] = field(default_factory=list)
    probability: float = 0.0
    inference_duration: float = 0.0
    speaking: bool = False
    raw_accumulated_silence: float = 0.0
    raw_accumulated_speech: float = 0.0


@dataclass(frozen=True, slots=True)
class VADOptions:
    """
    Thresholds and durations of a detector. Times are in seconds.

    Args:
        activation_threshold: the probability from which audio counts as speech.
        deactivation_threshold: the probability below which it counts as silence again, once a
            segment is open; 0.15 below the other unless given.
        min_speech_duration: how long speech must last to open a segment.
        min_silence_duration: how long silence must last to end it.
        prefix_padding_duration: how much audio before the onset belongs to the segment.
        max_buffered_speech: the longest segment. Speech that goes on is ended there, and
            begun again at the next sample: no audio is lost, and memory is bounded.

    Raises:
        ValueError: for a threshold outside 0 to 1, or a negative time.
    """

    activation_threshold: float = 0.5
    deactivation_threshold: float | None = None
    min_speech_duration: float = 0.05
    min_silence_duration: float = 0.55
    prefix_padding_duration: float = 0.5
    max_buffered_speech: float = 60.0

    def __post_init__(self) -> None:
        for name in ("activation_threshold", "deactivation_threshold"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f"{name} must be from 0 to 1, got {value!r}")
        for name in ("min_speech_duration", "min_silence_duration", "prefix_padding_duration"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be 0 or more, got {getattr(self, name)!r}")
        shortest = self.prefix_padding_duration + self.min_speech_duration
        if not self.max_buffered_speech > shortest:
            raise ValueError(
                f"max_buffered_speech must be more than padding and min_speech_duration "
                f"({shortest:g} s), got {self.max_buffered_speech!r}"
            )

    @property
    def release(self) -> float:
        """`deactivation_threshold` as a number."""
        if self.deactivation_threshold is not None:
            return self.deactivation_threshold
        return max(self.activation_threshold - 0.15, 0.01)
