"""Ten words, said by eSpeak NG: by many voices to learn from, by others to be tried with."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anyio_stt import AudioFrame
from anyio_stt.audio import Resampler

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RATE = 16000

Samples = npt.NDArray[np.float32]

_SYNCHRONOUS, _CHARACTERS, _UTF8 = 2, 1, 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


@dataclass(frozen=True)
class Voice:
    name: str
    rate: int  # words a minute
    pitch: int


TO_LEARN = tuple(
    Voice(f"{accent}+{kind}", rate, pitch)
    for accent in ("en-us", "en")
    for number, kind in enumerate(("m1", "m2", "m3", "m7", "f1", "f2", "f3", "f4"))
    for rate, pitch in ((125 + 5 * number, 35), (165 + 5 * number, 50), (145, 65))
)
TO_TRY = (Voice("en-us+m4", 150, 45), Voice("en+f5", 140, 55), Voice("en-us+m6", 170, 50))
"""None of them is learned from."""


class Speaker:
    """eSpeak NG, as a package brings it. One at a time."""

    def __init__(self) -> None:
        import espeakng_loader

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        folder = str(espeakng_loader.get_data_path()).encode()
        self._rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, folder, 0)
        if self._rate <= 0:
            raise RuntimeError(f"eSpeak NG does not start with {folder!r}")
        self._said: list[npt.NDArray[np.int16]] = []
        self._callback = _CALLBACK(self._take)  # kept: the library keeps only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: Voice) -> Samples:
        """Return *text* as samples from -1 to 1."""
        if self._library.espeak_SetVoiceByName(voice.name.encode()):
            raise RuntimeError(f"eSpeak NG has no voice {voice.name}")
        for parameter, value in ((_RATE, voice.rate), (_PITCH, voice.pitch), (_RANGE, 50)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._said.clear()
        data = text.encode()
        self._library.espeak_Synth(
            data, len(data) + 1, 0, _CHARACTERS, 0, _UTF8, None, None
        )  # fmt: skip
        return _trimmed(self._resampled(np.concatenate(self._said)))

    def _take(self, samples: object, count: int, _: object) -> int:
        if samples and count > 0:
            self._said.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def _resampled(self, samples: npt.NDArray[np.int16]) -> Samples:
        resampler = Resampler(self._rate, RATE, 1)
        parts = resampler.push(AudioFrame.from_array(samples, self._rate)), resampler.flush()
        whole = np.concatenate([part.to_array().reshape(-1) for part in parts if part is not None])
        scaled: Samples = whole.astype(np.float32) / np.float32(32768)
        return scaled


def _trimmed(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    trimmed: Samples = samples[loud[0] : loud[-1] + 1]
    return trimmed


def recording(speaker: Speaker, voice: Voice, pause: float = 0.3) -> Samples:
    """Return all ten words, in their order, with silence around each."""
    silence = np.zeros(round(pause * RATE), np.float32)
    parts: list[Samples] = [silence]
    for word in WORDS:
        parts += [speaker.say(word, voice), silence]
    return np.concatenate(parts)


def examples(
    said: dict[Voice, list[Samples]], count: int, seconds: float, rng: np.random.Generator
) -> Iterator[tuple[Samples, list[tuple[int, int]]]]:
    """
    Yield stretches of *seconds* with up to five words: their numbers, and where each ends.

    Louder and softer, with more or less of noise, some with noise or nothing only.
    """
    voices = list(said)
    for _ in range(count):
        words = said[voices[rng.integers(len(voices))]]
        spoken: list[tuple[int, int]] = []
        stretch = np.zeros(round(seconds * RATE), np.float32)
        at = round(rng.uniform(0, 0.6) * RATE)
        for number in rng.integers(len(words), size=rng.integers(0, 6)):
            word = words[number]
            if at + len(word) + RATE // 4 > len(stretch):
                break
            stretch[at : at + len(word)] = word * rng.uniform(0.5, 1.2)
            at += len(word)
            spoken.append((int(number), at))
            at += round(rng.uniform(0.08, 0.7) * RATE)
        noise = rng.normal(size=len(stretch)).astype(np.float32)
        level = 10 ** rng.uniform(-4.5, -2) if rng.random() < 0.7 else 0.0
        yield stretch * rng.uniform(0.3, 1) + noise * np.float32(level), spoken
