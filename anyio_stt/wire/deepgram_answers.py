"""Deepgram's answers to recordings, from the server's side; no input or output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..events import SpeechData, Word
from .parameters import Parameters

__all__ = ("RECORDING_PARAMETERS", "SAME", "alternative", "error_body", "recording_body")

# What changes how words are written, not which they are, or nothing at all.
SAME = frozenset({
    "mip_opt_out", "tag", "extra", "filler_words", "no_delay", "version", "punctuate",
    "smart_format", "numerals", "dictation", "measurements", "paragraphs", "utt_split", "tier",
})  # fmt: skip
"""Parameters without which the words are the same."""

RECORDING_PARAMETERS = Parameters(
    frozenset({
        "model", "language", "encoding", "sample_rate", "channels", "multichannel", "utterances",
    }),
    SAME,
)  # fmt: skip
"""What the query of a recording may hold."""


def recording_body(
    said: Sequence[Sequence[SpeechData]],
    duration: float,
    *,
    request_id: str,
    created: str,
    sha256: str,
    model: str,
    utterances: bool = False,
    ignored: Sequence[str] = (),
) -> dict[str, Any]:
    """
    Write the answer to a recording.

    Args:
        said: the finals of each channel.
        duration: of the recording, in seconds.
        request_id: what the answer is called.
        created: when, as ISO 8601.
        sha256: of the recording.
        model: who recognised.
        utterances: whether each final is told by itself too.
        ignored: what was asked for and changed nothing.
    """
    channels = [{"alternatives": [alternative(_joined(each))]} for each in said]
    results: dict[str, Any] = {"channels": channels}
    if utterances:
        results["utterances"] = [
            {
                "id": f"{request_id}-{channel}-{number}",
                "channel": channel,
                "start": data.start_time,
                "end": data.end_time,
                **alternative(data),
            }
            for channel, finals in enumerate(said)
            for number, data in enumerate(finals)
        ]
    metadata: dict[str, Any] = {
        "transaction_key": "deprecated",
        "request_id": request_id,
        "sha256": sha256,
        "created": created,
        "duration": round(duration, 3),
        "channels": len(said),
        "models": [model],
        "model_info": {model: {"name": model, "version": "", "arch": ""}},
    }
    if ignored:
        metadata["ignored"] = list(ignored)
    return {"metadata": metadata, "results": results}


def error_body(code: str, message: str, request_id: str) -> dict[str, Any]:
    """Write Deepgram's error object."""
    return {"err_code": code, "err_msg": message, "request_id": request_id}


def _joined(finals: Sequence[SpeechData]) -> SpeechData:
    texts = [data.text for data in finals if data.text]
    confidences = [data.confidence for data in finals if data.text]
    confidence = sum(confidences) / len(confidences) if confidences else 0.0
    words = [word for data in finals for word in data.words or ()]
    return SpeechData("", " ".join(texts), confidence=confidence, words=words)


def alternative(said: SpeechData) -> dict[str, Any]:
    """Write one reading of a stretch of speech."""
    body: dict[str, Any] = {
        "transcript": said.text,
        "confidence": round(said.confidence, 4),
        "words": [_word(word) for word in said.words or ()],
    }
    if said.language:
        body["languages"] = [said.language]
    return body


def _word(word: Word) -> dict[str, Any]:
    body: dict[str, Any] = {
        "word": word.text,
        "start": round(word.start_time, 3),
        "end": round(word.end_time, 3),
        "confidence": round(word.confidence, 4),
        "punctuated_word": word.text,
    }
    if word.speaker_id is not None:
        digits = "".join(filter(str.isdigit, word.speaker_id))
        body["speaker"] = int(digits[-6:] or 0)
    return body
