"""sherpa-onnx and faster-whisper as their own documentation uses them, 100 ms at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kit import RATE, NotMeasured

__all__ = ("BareLoop", "bare_loop")

_STEP = RATE // 10
_FRAME = 512  # that Silero judges


class BareLoop:
    """
    Cuts speech into utterances by Silero, and decodes each when it is over.

    Args:
        weights: Silero's.
        silence: seconds that end an utterance.
        before, behind: seconds around an utterance that are decoded along with it.
        decode: makes words of samples.
        interims: whether to decode what there is of an utterance each second.
    """

    def __init__(
        self,
        weights: str,
        silence: float,
        before: float,
        behind: float,
        decode: Callable[[Any], str],
        interims: bool,
    ) -> None:
        import sherpa_onnx

        config = sherpa_onnx.VadModelConfig()
        config.sample_rate = RATE
        config.silero_vad.model = weights
        config.silero_vad.min_silence_duration = silence
        self._detector = sherpa_onnx.VoiceActivityDetector(config, buffer_size_in_seconds=60)
        self._before, self._behind = round(before * RATE), round(behind * RATE)
        self._decode = decode
        self._interims = interims

    def hear(self, audio: bytes) -> Any:
        """Yield after each 100 ms, at last with the words."""
        samples = np.frombuffer(audio, np.int16).astype(np.float32) / 32768
        words: list[str] = []
        begun: int | None = None
        guessed = 0
        for at in range(0, len(samples), _STEP):
            for frame in range(at, min(at + _STEP, len(samples)), _FRAME):
                self._detector.accept_waveform(samples[frame : min(frame + _FRAME, at + _STEP)])
            now = min(at + _STEP, len(samples))
            if not self._detector.is_speech_detected():
                begun = None
            elif begun is None:
                begun = guessed = now
            elif self._interims and now - guessed >= RATE:
                guessed = now
                self._decode(samples[max(0, begun - self._before) : now])
            self._conclude(samples, words)
            yield None
        self._detector.flush()
        self._conclude(samples, words)
        yield " ".join(words)

    def _conclude(self, samples: Any, words: list[str]) -> None:
        while not self._detector.empty():
            found = self._detector.front
            begin, end = found.start, found.start + len(found.samples)
            words.append(self._decode(samples[max(0, begin - self._before) : end + self._behind]))
            self._detector.pop()


def bare_loop(engine: str, *, interims: bool) -> Callable[[], BareLoop]:
    """
    Load a model, and return what makes a loop for each recording.

    Raises:
        NotMeasured: when the engine's package or weights are not here.
    """
    from anyio_stt.models import ModelMissingError, require_model

    try:
        weights = str(require_model("silero-vad") / "silero_vad.onnx")
        if engine == "sherpa":
            folder = require_model("moonshine-tiny-en")
            decode, sizes = _moonshine(folder), (0.77, 0.6, 0.7)
        else:
            decode, sizes = _whisper(require_model("whisper-tiny.en")), (0.8, 0.4, 0.4)
    except (ImportError, ModelMissingError) as exc:
        raise NotMeasured(str(exc)) from exc
    return lambda: BareLoop(weights, *sizes, decode, interims)


def _moonshine(folder: Any) -> Callable[[Any], str]:
    import sherpa_onnx

    recogniser = sherpa_onnx.OfflineRecognizer.from_moonshine_v2(
        encoder=str(folder / "encoder_model.ort"),
        decoder=str(folder / "decoder_model_merged.ort"),
        tokens=str(folder / "tokens.txt"),
        num_threads=1,
    )

    def decode(samples: Any) -> str:
        stream = recogniser.create_stream()
        stream.accept_waveform(RATE, samples)
        recogniser.decode_stream(stream)
        return str(stream.result.text)

    return decode


def _whisper(folder: Any) -> Callable[[Any], str]:
    from faster_whisper import WhisperModel

    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)

    def decode(samples: Any) -> str:
        segments, _ = model.transcribe(
            samples, beam_size=1, temperature=0.0, language="en", word_timestamps=True,
            condition_on_previous_text=False,
        )  # fmt: skip
        return " ".join(segment.text.strip() for segment in segments)

    return decode
