"""Smart Turn: a small network that hears whether somebody has finished."""

from __future__ import annotations

from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from threading import Lock, Semaphore
from typing import Any

import numpy as np

from ..audio.frame import AudioFrame
from ..models import require_model
from .log_mel import log_mel

__all__ = ("SmartTurn",)

_MODEL, _FILE = "smart-turn-v3", "smart-turn-v3.2-cpu.onnx"
_RATE, _SAMPLES = 16000, 8 * 16000


class SmartTurn:
    """
    Pipecat's Smart Turn, version 3, as a `TurnDetector`: it hears tone and pace, not words.

    It knows about twenty languages and takes about a tenth of a second of one core for each
    question. Pull its model once: `anyio-stt models pull smart-turn-v3`. The model is loaded at the
    first question and shared by all streams.

    Args:
        model: the path of the weights, where they are not those that were pulled.
        max_threads: how many questions it works on at the same time; others wait their turn.

    Raises:
        ImportError: when the package `onnxruntime` is not installed.
        ModelMissingError: when the weights are not on this machine; says what to run.
        ValueError: when `max_threads` is below 1.
    """

    def __init__(self, *, model: str | PathLike[str] | None = None, max_threads: int = 1) -> None:
        if find_spec("onnxruntime") is None:
            raise ImportError(
                "SmartTurn needs onnxruntime, which is not installed: "
                "pip install 'anyio-stt[turns]'",
                name="onnxruntime",
            )
        if max_threads < 1:
            raise ValueError(f"max_threads must be 1 or more, got {max_threads!r}")
        self._path = Path(model) if model is not None else require_model(_MODEL) / _FILE
        self._turns = Semaphore(max_threads)
        self._loading = Lock()
        self._session: Any = None

    def judge(
        self,
        audio: AudioFrame,
        text: str = "",  # noqa: ARG002 - for detectors that read
        language: str = "",  # noqa: ARG002
        silence: float = 0.0,  # noqa: ARG002
    ) -> float:
        """
        Return the probability that whoever speaks in *audio* has finished, 0 to 1.

        It computes in the caller's thread. The words and the silence are in the audio.

        Args:
            audio: one channel at 16 kHz; the last 8 seconds count.
            text, language, silence: not used.

        Raises:
            ValueError: for audio of another format.
        """
        if (audio.sample_rate, audio.num_channels) != (_RATE, 1):
            raise ValueError(
                f"SmartTurn hears one channel at {_RATE} Hz, not {audio.num_channels} at "
                f"{audio.sample_rate} Hz"
            )
        with self._turns:
            features = _features(audio)
            (answer, *_) = self._loaded().run(None, {"input_features": features[None]})
            return float(np.ravel(answer)[0])

    def _loaded(self) -> Any:
        with self._loading:
            if self._session is None:
                import onnxruntime

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = options.inter_op_num_threads = 1
                self._session = onnxruntime.InferenceSession(
                    str(self._path), options, providers=["CPUExecutionProvider"]
                )
            return self._session


def _features(audio: AudioFrame) -> Any:
    """Return the log-mel of 8 seconds, silence in front, of mean 0 and variance 1."""
    samples = audio.to_array()[-_SAMPLES:].astype(np.float32) / 32768
    samples = np.pad(samples, (_SAMPLES - len(samples), 0))
    samples = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
    return log_mel(samples)
