"""How a realtime session is asked for, in each dialect."""

from __future__ import annotations

from typing import Any

from .options import OpenAIRealtimeOptions

__all__ = ("session_query", "session_update")


def session_query(options: OpenAIRealtimeOptions) -> tuple[tuple[str, str], ...]:
    """Return the query that opens a session."""
    match options.dialect:
        case "vllm":
            return ()
        case "speaches":  # it wants a model here, and refuses the handshake without one
            return (("model", options.model), ("intent", "transcription"))
    return (("intent", "transcription"),)


def session_update(options: OpenAIRealtimeOptions, language: str | None) -> dict[str, Any]:
    """Return the message that sets a session up for *language*."""
    if options.dialect == "vllm":
        return {"type": "session.update", "model": options.model}
    transcription = _given(
        model=options.model, language=language or options.language, prompt=options.prompt
    )
    detection = (
        _given(
            type=options.turn_detection or "server_vad",
            silence_duration_ms=options.silence_ms,
            eagerness=options.eagerness,
        )
        if options.detects
        else None
    )
    noise = _given(type=options.noise_reduction) or None
    if options.dialect == "openai":
        session = _session(options, transcription, detection, noise)
        return {"type": "session.update", "session": session}
    flat: dict[str, Any] = {
        "input_audio_transcription": transcription,
        "turn_detection": detection,
    }
    if options.dialect == "speaches":  # it complains of formats, also of the one it takes
        return {"type": "session.update", "session": flat}
    flat["input_audio_format"] = "pcm16"
    if noise:
        flat["input_audio_noise_reduction"] = noise
    return {"type": "transcription_session.update", "session": flat}


def _session(
    options: OpenAIRealtimeOptions,
    transcription: dict[str, object],
    detection: dict[str, object] | None,
    noise: dict[str, object] | None,
) -> dict[str, Any]:
    audio: dict[str, Any] = {
        "format": {"type": "audio/pcm", "rate": options.rate},
        "transcription": transcription,
        "turn_detection": detection,
    }
    if noise:
        audio["noise_reduction"] = noise
    return {"type": "transcription", "audio": {"input": audio}}


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}
