"""What becomes of one recording of many."""

from __future__ import annotations

from dataclasses import dataclass

from ..audio.pcm import PCMFormat
from ..events import SpeechData, SpeechEvent, Word
from ..transcription import AudioSource, text_of

__all__ = ("BatchResult", "Recording")


@dataclass(frozen=True)
class Recording:
    """
    A recording, where its source alone does not say all.

    Args:
        source: what `STT.transcribe` takes, or an address.
        name: what results and errors call it; the path or the address unless told.
        language: what is spoken; that of the whole batch unless told.
        sample_rate: the rate of an array or of bytes.
        num_channels: how many channels are interleaved in bytes.
        pcm_format: what a file or an address holds, when it is raw samples.
    """

    source: AudioSource
    name: str | None = None
    language: str | None = None
    sample_rate: int | None = None
    num_channels: int = 1
    pcm_format: PCMFormat | None = None


@dataclass(frozen=True)
class BatchResult:
    """
    What was said in a recording, and what was not understood of it.

    Args:
        recording: what was handed in, the very object.
        finals: the final transcripts, in order, on the clock of the recording.
        duration: seconds of audio that the engine was given.
        lost: those of them that it could not answer for.
        error: what went wrong, or None. A recording that was read to its end has an
            `AudioLostError` if some seconds were lost; of one that failed, the finals are what
            was said before.
    """

    recording: AudioSource | Recording
    finals: tuple[SpeechEvent, ...] = ()
    duration: float = 0.0
    lost: float = 0.0
    error: Exception | None = None

    @property
    def text(self) -> str:
        """The words, of all channels."""
        return " ".join(filter(None, map(text_of, self.finals)))

    @property
    def segments(self) -> tuple[SpeechData, ...]:
        """The best reading of each final, with its times."""
        return tuple(final.alternatives[0] for final in self.finals if final.alternatives)

    @property
    def words(self) -> tuple[Word, ...]:
        """The words with their times, of an engine that gives them."""
        return tuple(word for segment in self.segments for word in segment.words or ())
