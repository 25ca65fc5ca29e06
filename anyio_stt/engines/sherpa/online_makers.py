"""A model of sherpa-onnx that hears speech as it comes, made by its kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sherpa_onnx

from .endpointing import Endpointing
from .hotwords import hotword_options
from .model_kinds import FoundModel
from .online import OnlineModel

__all__ = ("make_online",)

_MAKERS = {
    "streaming-nemo-ctc": "from_nemo_ctc",
    "streaming-paraformer": "from_paraformer",
    "streaming-transducer": "from_transducer",
    "streaming-wenet": "from_wenet_ctc",
    "streaming-zipformer-ctc": "from_zipformer2_ctc",
}


def make_online(
    model: FoundModel,
    *,
    endpointing: Endpointing,
    hotwords: Sequence[str] = (),
    hotwords_score: float = 1.5,
    num_threads: int = 1,
    provider: str = "cpu",
) -> OnlineModel:
    """
    Load *model*.

    Args:
        model: from `recognise_folder`, a streaming one.
        endpointing: an utterance ends *offset* after its last word, or as *max_utterance* says.
        hotwords: phrases that are likely to be said, for transducers.
        hotwords_score: how much likelier each of their tokens is.
        num_threads: of each decoding.
        provider: "cpu", or what else sherpa-onnx was built for.

    Raises:
        ValueError: when sherpa-onnx does not take the model.
    """
    options: dict[str, Any] = {
        **model.files,
        **model.options,
        "num_threads": num_threads,
        "provider": provider,
        "enable_endpoint_detection": True,
        "rule2_min_trailing_silence": endpointing.offset,
        "rule3_min_utterance_length": endpointing.max_utterance,
    }
    if hotwords:
        options |= {"decoding_method": "modified_beam_search", "hotwords_score": hotwords_score}
        options |= hotword_options(model)
    try:
        made = getattr(sherpa_onnx.OnlineRecognizer, _MAKERS[model.kind])(**options)
    except (RuntimeError, AssertionError, TypeError) as exc:
        raise ValueError(f"sherpa-onnx cannot load the {model.kind} model: {exc}") from exc
    return _WithHotwords(made, "/".join(hotwords)) if hotwords else made


class _WithHotwords:
    """A recogniser all of whose streams listen for the same phrases."""

    def __init__(self, made: Any, phrases: str) -> None:
        self._made = made
        self._phrases = phrases

    def create_stream(self) -> Any:
        return self._made.create_stream(self._phrases)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)
