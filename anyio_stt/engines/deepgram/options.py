"""What one can ask of Deepgram."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ("DeepgramOptions",)

_SURE = 0.7  # what Flux takes for eot_threshold


@dataclass(frozen=True, slots=True)
class DeepgramOptions:
    """
    Options for Deepgram; `None` leaves an option to Deepgram.

    Models whose names begin with `flux` use `/v2/listen`. They have the options that begin with
    `eot` or `eager_eot`, and of the others only model, language, interim_results, keyterms,
    sample_rate and extra.

    Args:
        model: such as `nova-3` or `flux-general-en`.
        language: the language spoken, or `multi`; for `flux-general-multi`, a hint.
        interim_results: whether streams send interim transcripts.
        punctuate: punctuation and capitals.
        smart_format: numbers, dates and the like as one writes them.
        diarize: distinguish speakers.
        channels: how many channels to send; with one, others are mixed down.
        multichannel: recognise each channel separately.
        endpointing: milliseconds of silence that end an utterance; 0 switches it off.
        utterance_end_ms: gap between words that ends an utterance, 1000 or more.
        vad_events: whether Deepgram reports the beginning of speech.
        keyterms: words to expect.
        sample_rate: the rate to send, in samples a second; audio is resampled to it.
        eot_threshold: the confidence, 0 to 1, at which Flux ends a turn.
        eager_eot_threshold: the confidence at which Flux says that a turn may be over; without it,
            it never does.
        eot_timeout_ms: milliseconds of silence that end a turn in any case.
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
    eot_threshold: float | None = None
    eager_eot_threshold: float | None = None
    eot_timeout_ms: int | None = None

    def __post_init__(self) -> None:
        _check_model(self)
        if self.channels < 1 or self.sample_rate < 1:
            raise ValueError(
                f"channels and sample_rate must be positive, got {self.channels!r} and "
                f"{self.sample_rate!r}"
            )
        if self.multichannel and self.channels == 1:
            raise ValueError("multichannel=True needs channels=2 or more")
        if self.utterance_end_ms is not None and not self.interim_results:
            raise ValueError("utterance_end_ms needs interim_results=True")

    @property
    def flux(self) -> bool:
        """Whether the model is asked by turns."""
        return self.model.startswith("flux")

    def spoken(self, language: str | None) -> str:
        """Return the language of what is heard where Deepgram does not say."""
        return language or self.language or ("en" if self.flux and _english(self.model) else "")

    def turns_query(self, language: str | None) -> list[tuple[str, str]]:
        """
        Return the query that opens a stream of turns.

        Raises:
            ValueError: when the model does not understand the language.
        """
        hint = language or self.language
        if _english(self.model):
            if hint is not None and hint.split("-")[0].lower() != "en":
                raise ValueError(
                    f"{self.model} understands English, not language={hint!r}: give "
                    f"model='flux-general-multi'"
                )
            hint = None
        return [
            ("model", self.model),
            ("encoding", "linear16"),
            ("sample_rate", str(self.sample_rate)),
            *_given("eot_threshold", self.eot_threshold),
            *_given("eager_eot_threshold", self.eager_eot_threshold),
            *_given("eot_timeout_ms", self.eot_timeout_ms),
            *_given("language_hint", None if hint == "multi" else hint),
            *(("keyterm", keyterm) for keyterm in self.keyterms),
            *self.extra,
        ]

    def stream_query(self, language: str | None) -> list[tuple[str, str]]:
        """
        Return the query that opens a stream.

        Raises:
            ValueError: when the model does not understand the language.
        """
        if self.flux:
            return self.turns_query(language)
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


_EOT = ("eot_threshold", "eager_eot_threshold", "eot_timeout_ms")
_NOT_BY_TURNS = {
    "punctuate": True,
    "smart_format": False,
    "diarize": False,
    "channels": 1,
    "multichannel": False,
    "endpointing": None,
    "utterance_end_ms": None,
    "vad_events": True,
}
"""What Flux cannot be asked for, and the values that ask for nothing."""


def _check_model(options: DeepgramOptions) -> None:
    """Raise a `ValueError` for what only the other kind of model can be asked for."""
    plain = _NOT_BY_TURNS if options.flux else dict.fromkeys(_EOT)
    for name, value in plain.items():
        if getattr(options, name) != value:
            kind = "nova-3" if options.flux else "flux-general-en"
            raise ValueError(
                f"{options.model} has no {name}, got {getattr(options, name)!r}: leave it out, or "
                f"give another model, such as {kind}"
            )
    eager, sure = options.eager_eot_threshold, options.eot_threshold
    if eager is not None and eager > (_SURE if sure is None else sure):
        raise ValueError(
            f"eager_eot_threshold={eager!r} must not be above eot_threshold={sure!r} "
            f"(Flux takes {_SURE} where none is given)"
        )


def _english(model: str) -> bool:
    return model.endswith("-en")


def _given(name: str, value: object) -> list[tuple[str, str]]:
    return [] if value is None else [(name, str(value))]


def _text(value: bool) -> str:
    return "true" if value else "false"
