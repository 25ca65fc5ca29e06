"""What may be chosen about Whisper."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...models import known_models, require_model
from ...workers.language import language_of
from ...workers.wire import Kind, Message
from .endpointing import Endpointing

__all__ = ("DEFAULT_MODEL", "WhisperOptions")

DEFAULT_MODEL = "whisper-tiny.en"
_DETECTOR = "silero-vad"


@dataclass(frozen=True)
class WhisperOptions:
    """
    What to recognise with, and how long to wait. Times are in seconds.

    Args:
        model: the name of a model that `anyio-stt models` lists, the folder of one that was
            converted for CTranslate2, or a name that faster-whisper has in its cache, such as
            "small". Nothing is fetched.
        language: what is spoken, such as "de"; `None` or "auto" detects it, utterance by
            utterance, where the model knows several.
        interim_results: whether streams guess at what is being said.
        interim_interval: seconds of speech between guesses.
        endpointing: where speech begins and ends.
        device: "cpu", "cuda", or "auto" for what there is.
        compute_type: how numbers are held, as CTranslate2 calls it.
        num_threads: how many threads one decoding takes.
        worker_timeout: how long a worker process may take to answer; two minutes of a recording
            are recognised at once.
        turn_timeout: how long a stream may wait for a worker process.

    Raises:
        ValueError: for a number that is not positive, or a language that the model does not know.
    """

    model: str | os.PathLike[str] = DEFAULT_MODEL
    language: str | None = None
    interim_results: bool = True
    interim_interval: float = 0.7
    endpointing: Endpointing = field(default_factory=Endpointing)
    device: str = "cpu"
    compute_type: str = "int8"
    num_threads: int = 1
    worker_timeout: float = 300.0
    turn_timeout: float = 300.0

    def __post_init__(self) -> None:
        for name in ("interim_interval", "num_threads", "worker_timeout", "turn_timeout"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)!r}")
        language_of(self.model, self.language, is_known=self._is_known())

    def _is_known(self) -> bool:
        name = os.fspath(self.model)
        return any(model.name == name for model in known_models())

    def where(self) -> str:
        """
        Return the folder of the model, or its name in faster-whisper's cache.

        Raises:
            ModelMissingError: when it, or the detector, is known by name and not here.
            ValueError: when a path names no folder.
        """
        require_model(_DETECTOR)
        name = os.fspath(self.model)
        if self._is_known():
            return str(require_model(name))
        if Path(name).is_dir():
            return str(Path(name).resolve())
        if os.sep in name and not isinstance(self.model, str):
            raise ValueError(f"model={name!r} is not a folder")
        return name

    def spoken(self) -> str | None:
        """Return what is spoken where that is fixed, else `None`."""
        return language_of(self.model, self.language, is_known=self._is_known())

    def setup(self) -> Message:
        """Return the message that tells a recogniser what to load."""
        fields: dict[str, Any] = {
            "model": self.where(),
            "detector": str(require_model(_DETECTOR) / "silero_vad.onnx"),
            "endpointing": asdict(self.endpointing),
            "interim_interval": self.interim_interval,
            "language": self.spoken(),
            "device": self.device,
            "compute_type": self.compute_type,
            "num_threads": self.num_threads,
        }
        return Message(Kind.SETUP, fields=fields)
