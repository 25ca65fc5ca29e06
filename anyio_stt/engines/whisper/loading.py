"""faster-whisper itself: a model and a detector, loaded. In a thread, or in a worker process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import onnxruntime
from faster_whisper import BatchedInferencePipeline, WhisperModel

from ...workers.samples import Samples, as_samples
from ...workers.segmenter import SAMPLE_RATE
from ...workers.session import Heard, SpokenWord
from .endpointing import Endpointing
from .recogniser import LoadedWhisper

__all__ = ("OnnxSilero", "load")

_CONTEXT = 64  # samples before a frame that the detector wants to hear again
_HYSTERESIS = 0.15
_BATCH = 8


def load(
    *,
    model: str,
    detector: str,
    endpointing: dict[str, Any],
    interim_interval: float,
    language: str | None,
    device: str,
    compute_type: str,
    num_threads: int,
) -> LoadedWhisper:
    """
    Load a model.

    Args:
        model: its folder, or a name that faster-whisper has in its cache.
        detector: the file of Silero's weights.
        endpointing: the fields of an `Endpointing`.
        interim_interval: seconds of audio between guesses.
        language: what is spoken, or `None` to detect it.
        device: "cpu", "cuda" or "auto".
        compute_type: as CTranslate2 calls it, such as "int8".
        num_threads: of each decoding.

    Raises:
        ValueError: when the model cannot be loaded.
    """
    onnxruntime.disable_telemetry_events()  # nothing about what is heard here leaves here
    try:
        whisper = WhisperModel(
            model, device=device, compute_type=compute_type, cpu_threads=num_threads,
            local_files_only=True,
        )  # fmt: skip
    except (RuntimeError, OSError) as exc:
        raise ValueError(f"faster-whisper cannot load {model!r}: {exc}") from exc
    batched, how = BatchedInferencePipeline(whisper), Endpointing(**endpointing)
    fixed = {"language": language, "word_timestamps": True, "condition_on_previous_text": False}

    def decode(samples: Samples, before: str) -> Heard:
        segments, about = whisper.transcribe(
            samples, beam_size=1, temperature=0.0, initial_prompt=before or None, **fixed
        )
        return _heard(segments, about)

    def decode_batched(samples: Samples) -> Heard:
        segments, about = batched.transcribe(samples, beam_size=1, batch_size=_BATCH, **fixed)
        return _heard(segments, about)

    silero = _load_silero(detector)

    def make_flags() -> Callable[[bytes], bool]:
        return OnnxSilero(silero, how.threshold).is_speech

    return LoadedWhisper(decode, decode_batched, make_flags, how, interim_interval)


def _heard(segments: Iterable[Any], about: Any) -> Heard:
    words = [
        SpokenWord(word.word.strip(), word.start, word.end, min(max(word.probability, 0.0), 1.0))
        for segment in segments
        for word in segment.words or ()
        if word.word.strip()
    ]
    return Heard(" ".join(word.text for word in words), words, about.language)


def _load_silero(weights: str) -> Any:
    """Load Silero once for all streams: that takes as long as judging ten seconds."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


class OnnxSilero:
    """
    Silero by onnxruntime, which faster-whisper brings, for one stream.

    Args:
        model: its weights, loaded; many streams may use them at the same time.
        threshold: how sure it has to be.
    """

    def __init__(self, model: Any, threshold: float) -> None:
        self._session = model
        self._threshold = threshold
        self._state = np.zeros((2, 1, 128), np.float32)
        self._heard: Samples = np.zeros(_CONTEXT, np.float32)
        self._speaking = False

    def is_speech(self, frame: bytes) -> bool:
        """Judge the next frame of the stream."""
        given = np.concatenate([self._heard, as_samples(frame)])
        self._heard = given[-_CONTEXT:]
        rate = np.array(SAMPLE_RATE, np.int64)
        inputs = {"input": given[None], "state": self._state, "sr": rate}
        (probability,), self._state = self._session.run(None, inputs)
        needed = self._threshold - _HYSTERESIS if self._speaking else self._threshold
        self._speaking = bool(probability[0] >= needed)
        return self._speaking
