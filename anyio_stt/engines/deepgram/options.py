"""What one can ask of Deepgram."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ("DeepgramOptions",)


@dataclass(frozen=True, slots=True)
class DeepgramOptions:
    """
    What Deepgram is asked to do; `None` leaves it to Deepgram.

    Args:
        model: such as `nova-3`.
        language: what is spoken, or `multi`.
        interim_results: whether streams give guesses.
        punctuate: punctuation and capitals.
        smart_format: numbers, dates and the like as one writes them.
        diarize: tell speakers apart.
        channels: how many channels to send; with one, others are mixed down.
        multichannel: recognise each channel by itself.
        endpointing: milliseconds of silence that end an utterance; 0 switches it off.
        utterance_end_ms: gap between words that ends an utterance, 1000 or more.
        vad_events: whether the beginning of speech is told.
        keyterms: words to expect.
        sample_rate: samples a second that are sent; the base resamples.
        extra: more query parameters, as pairs.

    Raises:
        ValueError: when options contradict each other.
    """

    model: str = "nova-3"
    language: str | None = None
    interim_results: bool = True
    punctuate: bool = True
    smart_format: bool = False
    diarize: bool = False
    channels: int = 1
    multichannel: bool = False
    endpointing: int | None = None
    utterance_end_ms: int | None = None
    vad_events: bool = True
    keyterms: tuple[str, ...] = ()
    sample_rate: int = 16000
    extra: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.model.startswith("flux"):
            raise ValueError(
                f"{self.model} is a model of /v2/listen, which is another protocol: give one of "
                f"/v1/listen, such as nova-3"
            )
        if self.channels < 1 or self.sample_rate < 1:
            raise ValueError(
                f"channels and sample_rate must be positive, got {self.channels!r} and "
                f"{self.sample_rate!r}"
            )
        if self.multichannel and self.channels == 1:
            raise ValueError("multichannel=True needs channels=2 or more")
        if self.utterance_end_ms is not None and not self.interim_results:
            raise ValueError("utterance_end_ms needs interim_results=True")

    def stream_query(self, language: str | None) -> list[tuple[str, str]]:
        """Return the query that opens a stream."""
        return [
            *self._common(language),
            ("encoding", "linear16"),
            ("sample_rate", str(self.sample_rate)),
            ("channels", str(self.channels)),
            ("interim_results", _text(self.interim_results)),
            ("vad_events", _text(self.vad_events)),
            *_given("endpointing", "false" if self.endpointing == 0 else self.endpointing),
            *_given("utterance_end_ms", self.utterance_end_ms),
            *self.extra,
        ]

    def recording_query(self, language: str | None) -> list[tuple[str, str]]:
        """Return the query for a whole recording."""
        return [*self._common(language), *self.extra]

    def _common(self, language: str | None) -> Iterator[tuple[str, str]]:
        yield "model", self.model
        yield from _given("language", language or self.language)
        for name in ("punctuate", "smart_format", "diarize", "multichannel"):
            if getattr(self, name):
                yield name, "true"
        for keyterm in self.keyterms:
            yield "keyterm", keyterm


def _given(name: str, value: object) -> list[tuple[str, str]]:
    return [] if value is None else [(name, str(value))]


def _text(value: bool) -> str:
    return "true" if value else "false"
