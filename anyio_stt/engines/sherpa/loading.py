"""sherpa-onnx itself: a model and a detector, loaded. In a thread, or in a worker process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sherpa_onnx

from ...workers.samples import SILERO_FRAME, as_samples
from ...workers.segmenter import SAMPLE_RATE
from ...workers.session import Loaded
from .aligning import make_aligner
from .endpointing import Endpointing
from .makers import make_recogniser
from .model_kinds import recognise_folder
from .online import LoadedOnline
from .online_makers import make_online
from .recogniser import LoadedSherpa

__all__ = ("SileroFlags", "load")

_CONTEXT = 64  # samples before a frame that the detector wants to hear again


def load(
    *,
    model: str,
    detector: str,
    endpointing: dict[str, Any],
    interim_interval: float,
    isolated: bool,
    language: str | None,
    numerals: bool,
    hotwords: Sequence[str],
    hotwords_score: float,
    **options: Any,
) -> Loaded:
    """
    Load a model.

    Args:
        model: its folder.
        detector: the file of Silero's weights; empty for a model that hears speech as it comes.
        endpointing: the fields of an `Endpointing`.
        interim_interval: seconds of audio between guesses.
        isolated: whether this process is for nothing else: then pocketsphinx finds words' times.
        language: what is spoken, for a model of several languages.
        numerals: whether numbers are written as digits, where a model can be told.
        hotwords: phrases that are likely to be said, for streaming transducers.
        hotwords_score: how much likelier each of their tokens is.
        options: for either maker.

    Raises:
        ValueError: when the folder holds no model that is known.
    """
    found, how = recognise_folder(Path(model)), Endpointing(**endpointing)
    if found.streaming:
        made = make_online(
            found, endpointing=how, hotwords=hotwords, hotwords_score=hotwords_score, **options
        )
        return LoadedOnline(made)
    decode = make_recogniser(found, language=language, numerals=numerals, **options)

    def make_flags() -> Callable[[bytes], bool]:
        return SileroFlags(detector, how.threshold).is_speech

    aligner = make_aligner() if isolated else None
    align = aligner.align if aligner is not None else None
    return LoadedSherpa(decode, make_flags, how, interim_interval, align)


class SileroFlags:
    """
    Silero by sherpa-onnx: a tenth of what other runtimes take for it.

    Args:
        weights: their file.
        threshold: how sure it has to be.
    """

    def __init__(self, weights: str, threshold: float) -> None:
        config = sherpa_onnx.VadModelConfig()
        config.sample_rate, config.num_threads = SAMPLE_RATE, 1
        config.silero_vad.model = weights
        config.silero_vad.threshold = threshold
        # The segmenter smooths: a flag shall follow its frame at once.
        config.silero_vad.min_silence_duration = SILERO_FRAME / SAMPLE_RATE
        config.silero_vad.min_speech_duration = SILERO_FRAME / SAMPLE_RATE
        self._model = sherpa_onnx.VadModel.create(config)
        self._heard: npt.NDArray[np.float32] = np.zeros(_CONTEXT, np.float32)

    def is_speech(self, frame: bytes) -> bool:
        """Judge the next frame of the stream."""
        samples = np.concatenate([self._heard, as_samples(frame)])
        self._heard = samples[-_CONTEXT:]
        return bool(self._model.is_speech(samples))
