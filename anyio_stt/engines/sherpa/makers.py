"""A model of sherpa-onnx, made by its kind, and what it says as words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import sherpa_onnx

from ...workers.segmenter import SAMPLE_RATE
from ...workers.session import Heard, SpokenWord
from .model_kinds import FoundModel

__all__ = ("make_recogniser", "timed_words")

_MAKERS = {
    "canary": "from_nemo_canary",
    "cohere-transcribe": "from_cohere_transcribe",
    "dolphin": "from_dolphin_ctc",
    "fire-red-asr": "from_fire_red_asr",
    "moonshine": "from_moonshine_v2",
    "moonshine-v1": "from_moonshine",
    "nemo-ctc": "from_nemo_ctc",
    "nemo-transducer": "from_transducer",
    "paraformer": "from_paraformer",
    "sense-voice": "from_sense_voice",
    "telespeech": "from_telespeech_ctc",
    "transducer": "from_transducer",
    "wenet": "from_wenet_ctc",
    "whisper": "from_whisper",
    "zipformer-ctc": "from_zipformer_ctc",
}
_LANGUAGE = {"cohere-transcribe": "language", "sense-voice": "language", "whisper": "language",
             "canary": "src_lang"}  # fmt: skip
_NUMERALS = {"cohere-transcribe": "use_itn", "sense-voice": "use_itn"}


def make_recogniser(
    model: FoundModel,
    *,
    language: str | None = None,
    numerals: bool = True,
    num_threads: int = 1,
    provider: str = "cpu",
) -> Callable[[npt.NDArray[np.float32]], Heard]:
    """
    Load *model* and return what makes words of an utterance's samples, in any thread.

    Args:
        model: from `recognise_folder`.
        language: what is spoken, for models of several languages; "auto" or `None` leaves it to
            them.
        numerals: whether numbers are written as digits, where a model can be told.
        num_threads: of each decoding.
        provider: "cpu", or what else sherpa-onnx was built for.

    Raises:
        ValueError: when sherpa-onnx does not take the model.
    """
    options: dict[str, Any] = {**model.files, **model.options}
    options |= {"num_threads": num_threads, "provider": provider}
    if model.kind in _LANGUAGE:
        name = _LANGUAGE[model.kind]
        given = language if language not in (None, "auto") else ""
        options[name] = given or ("en" if model.kind == "canary" else "")
        if model.kind == "canary":
            options["tgt_lang"] = options[name]
    if model.kind in _NUMERALS:
        options[_NUMERALS[model.kind]] = numerals
    if model.kind == "whisper":
        options["enable_token_timestamps"] = True
    try:
        recogniser = getattr(sherpa_onnx.OfflineRecognizer, _MAKERS[model.kind])(**options)
    except (RuntimeError, AssertionError, TypeError) as exc:
        raise ValueError(f"sherpa-onnx does not take the {model.kind} model: {exc}") from exc

    def decode(samples: npt.NDArray[np.float32]) -> Heard:
        stream = recogniser.create_stream()
        stream.accept_waveform(SAMPLE_RATE, samples)
        recogniser.decode_stream(stream)
        result = stream.result
        duration = len(samples) / SAMPLE_RATE
        words = timed_words(result.tokens, result.timestamps, duration)
        return Heard(result.text.strip(), words, getattr(result, "lang", "").strip("<|>"))

    return decode


def timed_words(
    tokens: list[str], timestamps: list[float], duration: float
) -> list[SpokenWord] | None:
    """
    Return words of *tokens* with times, or `None` where there are no times.

    A word lasts until the next one begins, half a second at most: that is not told.
    """
    if not timestamps or len(timestamps) != len(tokens):
        return None
    starts: list[tuple[str, float]] = []
    for token, time in zip(tokens, timestamps, strict=True):
        begins = token.startswith((" ", "▁")) or not starts
        text = token.strip().lstrip("▁")
        if begins:
            starts.append((text, time))
        else:
            starts[-1] = (starts[-1][0] + text, starts[-1][1])
    named = [(text, time) for text, time in starts if text]
    ends = [time for _, time in named[1:]] + [duration]
    return [
        SpokenWord(text, time, max(time, min(end, time + 0.5)))
        for (text, time), end in zip(named, ends, strict=True)
    ]
