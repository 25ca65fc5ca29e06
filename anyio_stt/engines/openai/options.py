"""What one can ask of OpenAI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ("OpenAIOptions", "OpenAIRealtimeOptions")


@dataclass(frozen=True, slots=True)
class OpenAIOptions:
    """
    What `/v1/audio/transcriptions` is asked to do; `None` leaves it to the server.

    Args:
        model: such as `gpt-transcribe`, `whisper-1`, or what a server of one's own has.
        language: what is spoken.
        prompt: words and style to expect.
        temperature: 0 to 1.
        words: whether words come with times; models of the Whisper kind can do it.
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
    What a transcription session is asked to do; `None` leaves it to the server.

    Args:
        model: such as `gpt-realtime-whisper`, or what a server of one's own has.
        language: what is spoken.
        prompt: words and style to expect.
        vad: whether the server ends utterances; without it only `flush()` does.
        silence_ms: how long a pause ends an utterance.
        noise_reduction: for which kind of microphone.
        dialect: `openai`, or `beta` for servers that know the older, flat session only.
        sample_rate: samples a second that are sent; OpenAI takes 24000 only.
    """

    model: str = "gpt-realtime-whisper"
    language: str | None = None
    prompt: str | None = None
    vad: bool = True
    silence_ms: int | None = None
    noise_reduction: Literal["near_field", "far_field"] | None = None
    dialect: Literal["openai", "beta"] = "openai"
    sample_rate: int = 24000

    def __post_init__(self) -> None:
        if self.dialect not in ("openai", "beta"):
            raise ValueError(f"dialect must be 'openai' or 'beta', got {self.dialect!r}")

    def session_update(self, language: str | None) -> dict[str, Any]:
        """Return the message that sets a session up."""
        transcription = _given(
            model=self.model, language=language or self.language, prompt=self.prompt
        )
        detection = (
            _given(type="server_vad", silence_duration_ms=self.silence_ms) if self.vad else None
        )
        noise = {"type": self.noise_reduction} if self.noise_reduction else None
        if self.dialect == "beta":
            session: dict[str, Any] = {
                "input_audio_format": "pcm16",
                "input_audio_transcription": transcription,
                "turn_detection": detection,
            }
            if noise:
                session["input_audio_noise_reduction"] = noise
            return {"type": "transcription_session.update", "session": session}
        audio: dict[str, Any] = {
            "format": {"type": "audio/pcm", "rate": self.sample_rate},
            "transcription": transcription,
            "turn_detection": detection,
        }
        if noise:
            audio["noise_reduction"] = noise
        session = {"type": "transcription", "audio": {"input": audio}}
        return {"type": "session.update", "session": session}


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}
