"""A model of sherpa-onnx for whole utterances, made by its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import sherpa_onnx

from ...workers.segmenter import SAMPLE_RATE
from ...workers.session import Heard
from .model_kinds import FoundModel
from .tokens import timed_words

__all__ = ("make_recogniser",)

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
        raise ValueError(f"sherpa-onnx cannot load the {model.kind} model: {exc}") from exc

    def decode(samples: npt.NDArray[np.float32]) -> Heard:
        stream = recogniser.create_stream()
        stream.accept_waveform(SAMPLE_RATE, samples)
        recogniser.decode_stream(stream)
        result = stream.result
        duration = len(samples) / SAMPLE_RATE
        words = timed_words(result.tokens, result.timestamps, duration)
        return Heard(result.text.strip(), words, getattr(result, "lang", "").strip("<|>"))

    return decode
