"""What a client of the Realtime protocol asks for: today's session, and the older one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .server_session import ClientError

__all__ = ("RealtimeSettings", "read_settings")

_PCM, _MULAW, _ALAW = "audio/pcm", "audio/pcmu", "audio/pcma"
_ENCODINGS = {_PCM: "linear16", _MULAW: "mulaw", _ALAW: "alaw"}
_OLDER = {"pcm16": _PCM, "g711_ulaw": _MULAW, "g711_alaw": _ALAW}
_RATES = range(8000, 192_001)
_TURNS = ("server_vad", "semantic_vad")


@dataclass(frozen=True)
class RealtimeSettings:
    """
    What holds for the audio that comes.

    Args:
        format: of the audio, as the protocol calls it.
        rate: samples a second.
        detects: whether the server ends utterances.
        model: who recognises.
        language: the language spoken.
        ignored: what was asked for and changes nothing.
    """

    format: str = _PCM
    rate: int = 24000
    detects: bool = True
    model: str | None = None
    language: str | None = None
    ignored: tuple[str, ...] = ()

    @property
    def encoding(self) -> str:
        """What the samples are written in."""
        return _ENCODINGS[self.format]

    def body(self, session_id: str) -> dict[str, Any]:
        """Write the session as the protocol tells it."""
        turns = {"type": "server_vad"} if self.detects else None
        transcription = {"model": self.model, "language": self.language}
        entry = {
            "format": {"type": self.format, "rate": self.rate},
            "transcription": transcription,
            "noise_reduction": None,
            "turn_detection": turns,
        }
        body: dict[str, Any] = {
            "id": session_id,
            "object": "realtime.transcription_session",
            "type": "transcription",
            "audio": {"input": entry},
        }
        if self.ignored:
            body["ignored"] = list(self.ignored)
        return body


def read_settings(session: object, before: RealtimeSettings) -> RealtimeSettings:
    """
    Read a session; what it does not name stays as it was.

    Raises:
        ClientError: when it asks for what is not served.
    """
    body = _mapping(session, "session")
    if body.get("type", "transcription") != "transcription":
        raise ClientError("only sessions of type transcription are served", "session.type")
    older = "audio" not in body
    entry = body if older else _mapping(_mapping(body["audio"], "audio").get("input"), "input")
    ignored: list[str] = [name for name in ("include",) if body.get(name)]
    settings = _read_format(entry, before, older=older)
    name = "input_audio_transcription" if older else "transcription"
    settings = _read_transcription(entry.get(name), settings, ignored)
    noise = "input_audio_noise_reduction" if older else "noise_reduction"
    ignored += [noise] if entry.get(noise) else []
    if "turn_detection" in entry:
        settings = _read_turns(entry["turn_detection"], settings, ignored)
    return replace(settings, ignored=tuple(ignored))


def _read_format(
    entry: Mapping[str, Any], before: RealtimeSettings, *, older: bool
) -> RealtimeSettings:
    asked = entry.get("input_audio_format" if older else "format")
    if asked is None:
        return before
    if isinstance(asked, str):
        asked = {"type": _OLDER.get(asked, asked)}
    asked = _mapping(asked, "format")
    kind = asked.get("type")
    if kind not in _ENCODINGS:
        raise ClientError(f"format must be one of {', '.join(_ENCODINGS)}, got {kind!r}", "format")
    rate = asked.get("rate") or (24000 if kind == _PCM else 8000)
    if not isinstance(rate, int) or rate not in _RATES:
        raise ClientError(f"rate must be 8000 to 192000, got {rate!r}", "rate")
    return replace(before, format=kind, rate=rate)


def _read_transcription(
    asked: object, settings: RealtimeSettings, ignored: list[str]
) -> RealtimeSettings:
    if asked is None:
        return settings
    body = _mapping(asked, "transcription")
    for name in ("prompt", "keywords"):
        if body.get(name):
            raise ClientError(f"{name} is not served: leave it out", name)
    ignored += [name for name in ("delay",) if body.get(name)]
    model, language = body.get("model"), body.get("language")
    for name, value in (("model", model), ("language", language)):
        if value is not None and not isinstance(value, str):
            raise ClientError(f"{name} must be text, got {value!r}", name)
    return replace(settings, model=model or settings.model, language=language or settings.language)


def _read_turns(asked: object, settings: RealtimeSettings, ignored: list[str]) -> RealtimeSettings:
    if asked is None:
        return replace(settings, detects=False)
    body = _mapping(asked, "turn_detection")
    if body.get("type", "server_vad") not in _TURNS:
        raise ClientError(f"turn_detection must be one of {_TURNS}, or null", "turn_detection")
    # The engine ends utterances by its own measure.
    ignored += [f"turn_detection.{name}" for name in body if name != "type"]
    return replace(settings, detects=True)


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ClientError(f"{name} must be a JSON object", name)
    return value
