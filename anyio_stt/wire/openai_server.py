"""OpenAI's answers to recordings, from the server's side; no input or output."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..events import SpeechData, Word
from .parameters import Parameters

__all__ = (
    "FORMATS",
    "PARAMETERS",
    "diarized_body",
    "error_body",
    "json_body",
    "model_body",
    "models_body",
    "stream_event",
    "text_of",
    "verbose_body",
)

PARAMETERS = Parameters(
    frozenset({
        "file", "model", "language", "response_format", "stream", "timestamp_granularities",
    }),
    frozenset({"include", "chunking_strategy", "user"}),
)  # fmt: skip
"""What a form may hold; names are those without brackets."""

FORMATS = ("json", "text", "srt", "vtt", "verbose_json", "diarized_json")
"""What `response_format` may be."""


def text_of(said: Sequence[SpeechData]) -> str:
    """Return everything that was said, as one line."""
    return " ".join(data.text.strip() for data in said if data.text.strip())


def json_body(said: Sequence[SpeechData], duration: float) -> dict[str, Any]:
    """Write the answer of `json`."""
    return {"text": text_of(said), "usage": _usage(duration)}


def verbose_body(
    said: Sequence[SpeechData], duration: float, language: str, granularities: Sequence[str]
) -> dict[str, Any]:
    """
    Write the answer of `verbose_json`.

    Args:
        said: the finals, in order.
        duration: of the recording, in seconds.
        language: the language spoken.
        granularities: "word", "segment" or both.
    """
    body = {
        "task": "transcribe",
        "language": language,
        "duration": round(duration, 3),
        "text": text_of(said),
        "usage": _usage(duration),
    }
    if "segment" in granularities:
        body["segments"] = [_segment(number, data) for number, data in enumerate(said)]
    if "word" in granularities:
        body["words"] = [_word(word) for data in said for word in data.words or ()]
    return body


def diarized_body(said: Sequence[SpeechData], duration: float) -> dict[str, Any]:
    """Write the answer of `diarized_json`."""
    segments = [
        {
            "type": "transcript.text.segment",
            "id": f"seg_{number}",
            "start": round(data.start_time, 3),
            "end": round(data.end_time, 3),
            "text": data.text,
            "speaker": data.speaker_id or "",
        }
        for number, data in enumerate(said)
    ]
    return {
        "task": "transcribe",
        "duration": round(duration, 3),
        "text": text_of(said),
        "segments": segments,
        "usage": _usage(duration),
    }


def stream_event(kind: str, **fields: object) -> bytes:
    """Write one server-sent event."""
    return f"data: {json.dumps({'type': kind, **fields})}\n\n".encode()


def error_body(message: str, kind: str, param: str | None, code: str | None) -> dict[str, Any]:
    """Write OpenAI's error object."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def model_body(name: str) -> dict[str, Any]:
    """Write one model."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "anyio_stt"}


def models_body(names: Sequence[str]) -> Mapping[str, Any]:
    """Write the list of models."""
    return {"object": "list", "data": [model_body(name) for name in names]}


def _usage(duration: float) -> dict[str, Any]:
    return {"type": "duration", "seconds": round(duration, 3)}


def _segment(number: int, data: SpeechData) -> dict[str, Any]:
    # Clients take all ten for granted; what no engine here knows has the value that says nothing.
    return {
        "id": number,
        "seek": 0,
        "start": round(data.start_time, 3),
        "end": round(data.end_time, 3),
        "text": data.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": 0.0,
        "compression_ratio": 0.0,
        "no_speech_prob": 0.0,
    }


def _word(word: Word) -> dict[str, Any]:
    return {
        "word": word.text,
        "start": round(word.start_time, 3),
        "end": round(word.end_time, 3),
    }
