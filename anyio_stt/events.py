"""What an engine says: events, the transcripts in them, and the usage it reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = (
    "RecognitionUsage",
    "SpeechData",
    "SpeechEvent",
    "SpeechEventType",
    "Utterance",
    "Word",
)


@unique
class SpeechEventType(str, Enum):
    """The kinds of event, in the order `(START (INTERIM | PREFLIGHT | FINAL)* END)*`."""

    __hash__ = str.__hash__  # in C; each event is looked up by it

    START_OF_SPEECH = "start_of_speech"
    """Someone began to speak; the base adds it to the first transcript if the engine does not."""
    INTERIM_TRANSCRIPT = "interim_transcript"
    """A guess at what is being said; a later one replaces it."""
    PREFLIGHT_TRANSCRIPT = "preflight_transcript"
    """A guess stable enough to start work on, which may still change."""
    FINAL_TRANSCRIPT = "final_transcript"
    """What was said; the engine will not change it."""
    RECOGNITION_USAGE = "recognition_usage"
    """How much audio the engine has charged for since its last report; may come at any time."""
    END_OF_SPEECH = "end_of_speech"
    """The speaker stopped."""


class Word(str):
    """
    One word of a transcript: a string with the times at which it was said.

    Two words are equal if their letters are, as strings are; compare times separately.

    Args:
        text: the word.
        start_time: where it begins, in seconds on the stream's audio clock.
        end_time: where it ends, likewise.
        confidence: 0 to 1, or 0 when the engine gives none.
        speaker_id: who said it, where the engine tells speakers apart.
        start_time_offset: for LiveKit's engines, which set it; engines here do not.
    """

    __slots__ = ("confidence", "end_time", "speaker_id", "start_time", "start_time_offset")

    start_time: float
    end_time: float
    confidence: float
    speaker_id: str | None
    start_time_offset: float

    def __new__(
        cls,
        text: str,
        start_time: float = 0.0,
        end_time: float = 0.0,
        confidence: float = 0.0,
        speaker_id: str | None = None,
        start_time_offset: float = 0.0,
    ) -> Self:
        """Make a word; a string does so here."""
        word = super().__new__(cls, text)
        for name, value in zip(
            _WORD_FIELDS,
            (start_time, end_time, confidence, speaker_id, start_time_offset),
            strict=True,
        ):
            object.__setattr__(word, name, value)
        return word

    @property
    def text(self) -> str:
        """The word as a plain string."""
        return str.__str__(self)

    def at(self, start_time: float, end_time: float) -> Word:
        """Return the same word at other times."""
        rest = self.confidence, self.speaker_id, self.start_time_offset
        return Word(self.text, start_time, end_time, *rest)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Word is a value and does not change: cannot set {name}")

    def __repr__(self) -> str:
        return f"Word({self.text!r}, {self.start_time:.3f}, {self.end_time:.3f})"

    def __reduce__(self) -> tuple[type[Word], tuple[object, ...]]:
        return Word, (self.text, *(getattr(self, name) for name in _WORD_FIELDS))


_WORD_FIELDS = ("start_time", "end_time", "confidence", "speaker_id", "start_time_offset")


@dataclass(frozen=True, slots=True)
class SpeechData:
    """
    One transcript of a stretch of speech.

    Args:
        language: language tag, such as "en" or "en-US".
        text: the transcript.
        start_time: where it begins. An engine counts from the first sample its attempt read;
            a consumer sees seconds on the stream's audio clock.
        end_time: where it ends, likewise; 0 from an engine that has no clock.
        confidence: 0 to 1, or 0 when the engine gives none.
        speaker_id: who spoke, where the engine tells speakers apart.
        is_primary_speaker: whether that is the main speaker; `None` when unknown.
        words: the words with their times, where the engine gives them.
        metadata: what else the provider sent about it, in its own format.
    """

    language: str
    text: str
    start_time: float = 0.0
    end_time: float = 0.0
    confidence: float = 0.0
    speaker_id: str | None = None
    is_primary_speaker: bool | None = None
    words: list[Word] | None = None
    metadata: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class RecognitionUsage:
    """
    What the provider charges for, counted since the last report.

    Args:
        audio_duration: seconds of audio.
        input_tokens: tokens read, for engines that count them.
        output_tokens: tokens written, likewise.
    """

    audio_duration: float
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class SpeechEvent:
    """
    One event of a stream.

    Args:
        type: what kind of event this is.
        request_id: the engine's name for the utterance or request.
        alternatives: transcripts of the same speech, best first.
        recognition_usage: set on `RECOGNITION_USAGE` only.
        time: where in the audio this happened, in seconds, for events without a transcript;
            counted like `SpeechData.start_time`.
        channel: which channel of the audio, for engines that hear channels apart.
        delay: set by the base on a final that has an `end_time`: seconds from when that audio
            was pushed to when the final came.
    """

    type: SpeechEventType
    request_id: str = ""
    alternatives: list[SpeechData] = field(default_factory=list)
    recognition_usage: RecognitionUsage | None = None
    time: float | None = None
    channel: int | None = None
    delay: float | None = None

    def shifted(self, seconds: float) -> SpeechEvent:
        """
        Return the event with *seconds* added to its times; those that are 0 or `None` stay so.

        Args:
            seconds: what is added to every time.
        """
        if not seconds:
            return self
        return replace(
            self,
            alternatives=[_shift_data(data, seconds) for data in self.alternatives],
            time=None if self.time is None else self.time + seconds,
        )


def _shift_data(data: SpeechData, seconds: float) -> SpeechData:
    if not data.end_time:  # no clock: zeros stay zeros
        return data
    words = data.words and [_shift_word(word, seconds) for word in data.words]
    return replace(
        data,
        start_time=data.start_time + seconds,
        end_time=data.end_time + seconds,
        words=words,
    )


def _shift_word(word: Word, seconds: float) -> Word:
    if not word.end_time:
        return word
    return word.at(word.start_time + seconds, word.end_time + seconds)


@dataclass(frozen=True, slots=True)
class Utterance:
    """
    What somebody said between a START and its END; times are on the stream's audio clock.

    Args:
        text: the words; empty when nothing was understood.
        start_time: where the speech began, in seconds.
        end_time: where it ended.
        language: language tag, where the engine tells.
        channel: which channel of the audio, for engines that hear channels apart.
        speaker_id: who spoke, where the engine tells speakers apart.
        words: the words with their times, where the engine gives them.
        delay: seconds from when the last word's audio was pushed to when its final came.
    """

    text: str
    start_time: float
    end_time: float
    language: str = ""
    channel: int | None = None
    speaker_id: str | None = None
    words: list[Word] | None = None
    delay: float | None = None
