"""What one can ask of OpenAI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ("Dialect", "OpenAIOptions", "OpenAIRealtimeOptions")

Dialect: TypeAlias = Literal["openai", "beta", "speaches", "vllm"]
"""Which server a realtime session is with."""

# The models that give text while somebody speaks; turn detection must be off for them.
_LIVE = ("gpt-live-transcribe", "gpt-realtime-whisper")
_UNKNOWN_TO: dict[str, tuple[str, ...]] = {
    "openai": (),
    "beta": (),
    "speaches": ("prompt", "noise_reduction", "turn_detection", "eagerness"),
    "vllm": ("prompt", "vad", "silence_ms", "noise_reduction", "turn_detection", "eagerness"),
}
_BY_SILENCE, _BY_SENSE = "server_vad", "semantic_vad"


@dataclass(frozen=True, slots=True)
class OpenAIOptions:
    """
    Options of `/v1/audio/transcriptions`; `None` leaves an option to the server.

    Args:
        model: such as `gpt-transcribe`, `whisper-1`, or a model of your own server.
        language: the language spoken.
        prompt: words and style to expect.
        temperature: 0 to 1.
        words: whether to ask for word times, which Whisper models can give.
        deltas: whether a stream's transcripts arrive piece by piece.
    """

    model: str = "gpt-transcribe"
    language: str | None = None
    prompt: str | None = None
    temperature: float | None = None
    words: bool = False
    deltas: bool = True

    def fields(self, language: str | None, *, deltas: bool) -> list[tuple[str, str]]:
        """Return the fields of the form, the file left out."""
        fields = [("model", self.model)]
        given = {
            "language": language or self.language,
            "prompt": self.prompt,
            "temperature": self.temperature,
        }
        fields += [(name, str(value)) for name, value in given.items() if value is not None]
        if self.words:
            fields += [("response_format", "verbose_json"), ("timestamp_granularities[]", "word")]
        else:
            fields.append(("response_format", "json"))
        if deltas and not self.words:
            fields.append(("stream", "true"))
        return fields


@dataclass(frozen=True, slots=True)
class OpenAIRealtimeOptions:
    """
    Options of a transcription session; `None` leaves an option to the server.

    Args:
        model: such as `gpt-transcribe`, or a model of your own server.
        language: the language spoken.
        prompt: words and style to expect.
        vad: whether the server ends utterances; without it, only `flush()` does. `None` means yes
            if the model and the dialect can: `gpt-live-transcribe` and
            `gpt-realtime-whisper` cannot, nor can vLLM.
        silence_ms: the length of the pause that ends an utterance.
        turn_detection: `server_vad` ends an utterance at a pause, `semantic_vad` when the speaker
            seems to have finished, so that its END ends a turn.
        eagerness: how soon `semantic_vad` ends an utterance.
        noise_reduction: the kind of microphone to reduce noise for.
        dialect: `openai`; `beta` for servers with only the older, flat session;
            `speaches` and `vllm` for those servers.
        sample_rate: samples a second that are sent; `None` is what the dialect takes.

    Raises:
        ValueError: for an option that the dialect or the model does not have.
    """

    model: str = "gpt-transcribe"
    language: str | None = None
    prompt: str | None = None
    vad: bool | None = None
    silence_ms: int | None = None
    noise_reduction: Literal["near_field", "far_field"] | None = None
    dialect: Dialect = "openai"
    sample_rate: int | None = None
    turn_detection: Literal["server_vad", "semantic_vad"] | None = None
    eagerness: Literal["low", "medium", "high", "auto"] | None = None

    def __post_init__(self) -> None:
        if self.dialect not in _UNKNOWN_TO:
            raise ValueError(f"dialect must be one of {list(_UNKNOWN_TO)}, got {self.dialect!r}")
        for name in _UNKNOWN_TO[self.dialect]:
            value = getattr(self, name)
            if value not in (None, False):
                raise ValueError(
                    f"dialect={self.dialect!r} has no {name}, got {value!r}: leave it out"
                )
        if self.vad and self.model.startswith(_LIVE):
            raise ValueError(
                f"{self.model} does not detect where speech ends: give vad=False and flush() after "
                f"each utterance, or another model"
            )

        self._check_turns()

    def _check_turns(self) -> None:
        if self.turn_detection not in (None, _BY_SILENCE, _BY_SENSE):
            raise ValueError(
                f"turn_detection must be {_BY_SILENCE!r} or {_BY_SENSE!r}, got "
                f"{self.turn_detection!r}"
            )
        if self.turn_detection is not None and not self.detects:
            raise ValueError(
                f"turn_detection={self.turn_detection!r} needs a server that ends utterances: "
                f"leave vad=False out, and give a model that detects where speech ends"
            )
        if self.by_sense and self.silence_ms is not None:
            raise ValueError("silence_ms is an option of server_vad: give semantic_vad eagerness")
        if self.eagerness is not None and not self.by_sense:
            raise ValueError("eagerness is an option of turn_detection='semantic_vad'")

    @property
    def by_sense(self) -> bool:
        """Whether the server ends utterances when somebody is done, and not by silence alone."""
        return self.turn_detection == _BY_SENSE

    @property
    def detects(self) -> bool:
        """Whether the server ends utterances."""
        if self.vad is not None:
            return self.vad
        return not self.model.startswith(_LIVE) and "vad" not in _UNKNOWN_TO[self.dialect]

    @property
    def rate(self) -> int:
        """Samples a second that are sent."""
        return self.sample_rate or (16000 if self.dialect == "vllm" else 24000)
