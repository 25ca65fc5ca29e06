"""What may be chosen about sherpa-onnx."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...models import find_model, known_models, require_model
from ...workers.language import language_of
from ...workers.wire import Kind, Message
from .endpointing import Endpointing
from .hotwords import check_hotwords, check_phrases
from .model_kinds import FoundModel, recognise_folder

__all__ = ("DEFAULT_MODEL", "SherpaOptions", "weights_are_here")

DEFAULT_MODEL = "moonshine-tiny-en"
_DETECTOR = "silero-vad"


@dataclass(frozen=True)
class SherpaOptions:
    """
    What to recognise with, and how long to wait. Times are in seconds.

    Args:
        model: the name of a model that `anyio-stt models` lists, or the folder of any model of
            sherpa-onnx, for whole utterances or for speech as it comes; its kind is told by its
            files.
        language: the language spoken. `None` is what the model's name says, or, like "auto", what
            the model finds out, where it can.
        numerals: whether numbers are written as digits, where the model can be told.
        interim_results: whether streams guess at what is being said.
        interim_interval: seconds of speech between guesses. Each guess recognises the open
            utterance anew; it is left out while other streams wait, or its own lags. A model
            that hears speech as it comes guesses with each of its steps instead.
        endpointing: where speech begins and ends. A streaming model decides by itself: of these, it
            takes only `offset`, how long after its last word an utterance
            ends, and `max_utterance`.
        hotwords: phrases that are likely to be said, for streaming transducers: words as the
            model writes them, such as `["HELLO WORLD"]`.
        hotwords_score: how much likelier each of their tokens is; a phrase can have a number of
            its own, `"HELLO WORLD :2.5"`.
        num_threads: how many threads one decoding takes. More make finals of one stream come
            sooner and many streams slower.
        provider: "cpu", or "cuda" or "coreml" with a sherpa-onnx that was built for it.
        worker_timeout: how long a worker process may take to answer.
        turn_timeout: how long a stream may wait for a worker process.

    Raises:
        ValueError: for a number that is not positive, a phrase that is none, or a language
            that the model does not know.
    """

    model: str | os.PathLike[str] = DEFAULT_MODEL
    language: str | None = None
    numerals: bool = True
    interim_results: bool = True
    interim_interval: float = 1.0
    endpointing: Endpointing = field(default_factory=Endpointing)
    hotwords: Sequence[str] = ()
    hotwords_score: float = 1.5
    num_threads: int = 1
    provider: str = "cpu"
    worker_timeout: float = 60.0
    turn_timeout: float = 300.0

    def __post_init__(self) -> None:
        for name in (
            "interim_interval",
            "hotwords_score",
            "num_threads",
            "worker_timeout",
            "turn_timeout",
        ):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)!r}")
        check_phrases(self.hotwords)
        language_of(self.model, self.language, is_known=self._is_known())

    def _is_known(self) -> bool:
        name = os.fspath(self.model)
        return any(model.name == name for model in known_models())

    def folder(self) -> Path:
        """
        Return the folder of the model.

        Raises:
            ModelMissingError: when it is known by name and not on this machine.
            ValueError: when it is neither a name nor a folder.
        """
        name = os.fspath(self.model)
        if self._is_known():
            return require_model(name)
        folder = Path(name)
        if not folder.is_dir():
            names = ", ".join(model.name for model in known_models())
            raise ValueError(f"model={name!r} is neither a folder nor one of: {names}")
        return folder.resolve()

    def found(self) -> FoundModel:
        """
        Return what kind of model it is.

        Raises:
            ModelMissingError: when it, or the detector that it needs, is not on this machine.
            ValueError: when its folder holds no known sherpa-onnx model, or one that
                cannot listen for `hotwords`.
        """
        found = recognise_folder(self.folder())
        if self.hotwords:
            check_hotwords(self.hotwords, found)
        if not found.streaming:
            require_model(_DETECTOR)
        return found

    def spoken(self) -> str:
        """Return what transcripts are in, as far as it is known beforehand."""
        return language_of(self.model, self.language, is_known=self._is_known()) or ""

    def setup(self, *, isolated: bool) -> Message:
        """
        Return the message that tells a recogniser what to load.

        Args:
            isolated: whether it does so in a process of its own.
        """
        detector = None if self.found().streaming else require_model(_DETECTOR)
        fields: dict[str, Any] = {
            "model": str(self.folder()),
            "detector": str(detector / "silero_vad.onnx") if detector is not None else "",
            "endpointing": asdict(self.endpointing),
            "interim_interval": self.interim_interval,
            "hotwords": list(self.hotwords),
            "hotwords_score": self.hotwords_score,
            "language": self.language,
            "numerals": self.numerals,
            "num_threads": self.num_threads,
            "provider": self.provider,
            "isolated": isolated,
        }
        return Message(Kind.SETUP, fields=fields)


def weights_are_here() -> bool:
    """Whether the default model and its detector are on this machine."""
    return find_model(DEFAULT_MODEL) is not None and find_model(_DETECTOR) is not None
