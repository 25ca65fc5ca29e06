"""Weights that hear ten words: learned anew, the same each time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.engines.sherpa.ten_words.features import features
from tests.engines.sherpa.ten_words.network import STACK, Weights, first_weights, learn, stacked
from tests.engines.sherpa.ten_words.speech import RATE, TO_LEARN, WORDS, Speaker, examples

_SECONDS = 4.0
_COUNT, _BATCH, _ROUNDS = 800, 16, 8
_RATE, _LEAST_RATE = 3e-3, 1e-4
_STEPS = round(_SECONDS * 100) // STACK
_STEP = RATE * STACK // 100  # samples
_DELAY, _LASTING = 1, 3  # steps after its end in which a word is said


def train() -> Weights:
    """Learn from speech that eSpeak NG makes now; half a minute of a core."""
    rng = np.random.default_rng(1)
    speaker = Speaker()
    voices = {voice: [speaker.say(word, voice) for word in WORDS] for voice in TO_LEARN}
    heard = np.zeros((_COUNT, _STEPS * STACK, 80), np.float32)
    said = np.zeros((_COUNT, _STEPS), np.int64)
    for row, (samples, words) in enumerate(examples(voices, _COUNT, _SECONDS, rng)):
        heard[row] = features(samples)[: _STEPS * STACK]
        for word, end in words:
            first = end // _STEP + _DELAY
            said[row, first : first + _LASTING] = word + 1
    return _fit(stacked(heard), said, rng)


def _fit(
    steps: npt.NDArray[np.float32], said: npt.NDArray[np.int64], rng: np.random.Generator
) -> Weights:
    weights = first_weights(rng)
    adam = Adam(weights)
    for number in range(_ROUNDS):
        order = rng.permutation(len(steps))
        for at in range(0, len(steps), _BATCH):
            chosen = order[at : at + _BATCH]
            _, gradient = learn(weights, steps[chosen], said[chosen])
            done = (number + at / len(steps)) / _ROUNDS
            adam.step(gradient, _LEAST_RATE + (_RATE - _LEAST_RATE) * (1 - done))
    return weights


class Adam:
    """The usual way down a gradient."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._mean = {name: np.zeros_like(each) for name, each in weights.items()}
        self._square = {name: np.zeros_like(each) for name, each in weights.items()}
        self._steps = 0

    def step(self, gradient: Weights, rate: float) -> None:
        self._steps += 1
        for name, each in gradient.items():
            mean, square = self._mean[name], self._square[name]
            mean += 0.1 * (each - mean)
            square += 0.01 * (each**2 - square)
            unbiased = mean / (1 - 0.9**self._steps)
            spread = np.sqrt(square / (1 - 0.99**self._steps)) + 1e-8
            self._weights[name] -= np.float32(rate) * unbiased / spread
