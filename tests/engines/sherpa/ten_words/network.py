"""
A network of 37,000 numbers that hears ten words, and how it learns; in numpy.

Four frames of features at a time become one step. Two layers look at the last 13 steps each, so
that it hears one second; what they need of the past is a state of fixed size, so that it can hear
speech as it comes. It says for each step how likely nothing, or the end of which word, is there,
as a CTC does. It is not taught as one: where each word ends is known of speech that was made here,
so that it need not be found out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.engines.sherpa.ten_words.features import BINS
from tests.engines.sherpa.ten_words.speech import WORDS

STACK, WIDTH, PAST = 4, 32, 12
VOCABULARY = 1 + len(WORDS)  # the first is nothing
FLOOR = -12.0  # digital silence is no softer than quiet noise
CENTRE, SPREAD = -9.0, 4.0  # of features
_WORD_WEIGHT = 4.0

Array = npt.NDArray[np.float32]
Weights = dict[str, Array]


def first_weights(rng: np.random.Generator) -> Weights:
    def matrix(inputs: int, outputs: int) -> Array:
        made: Array = rng.normal(size=(inputs, outputs)).astype(np.float32)
        made *= np.float32(np.sqrt(2 / inputs))
        return made

    kernel = (PAST + 1) * WIDTH
    return {
        "in": matrix(STACK * BINS, WIDTH), "in_bias": np.zeros(WIDTH, np.float32),
        "one": matrix(kernel, WIDTH), "one_bias": np.zeros(WIDTH, np.float32),
        "two": matrix(kernel, WIDTH), "two_bias": np.zeros(WIDTH, np.float32),
        "out": matrix(WIDTH, VOCABULARY), "out_bias": np.zeros(VOCABULARY, np.float32),
    }  # fmt: skip


def stacked(features: Array) -> Array:
    """Return features `(batch, frames, bins)` as steps, scaled to about 0 to 1."""
    batch, frames, bins = features.shape
    scaled = (np.maximum(features, FLOOR) - CENTRE) / SPREAD
    return scaled.reshape(batch, frames // STACK, STACK * bins).astype(np.float32)


def _windows(hidden: Array) -> Array:
    padded = np.pad(hidden, ((0, 0), (PAST, 0), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, PAST + 1, axis=1)
    batch, steps = hidden.shape[:2]
    return np.ascontiguousarray(windows.transpose(0, 1, 3, 2)).reshape(batch * steps, -1)


def _from_windows(gradient: Array, shape: tuple[int, ...]) -> Array:
    batch, steps, width = shape
    windows = gradient.reshape(batch, steps, PAST + 1, width)
    summed = np.zeros((batch, steps + PAST, width), np.float32)
    for at in range(PAST + 1):
        summed[:, at : at + steps] += windows[:, :, at]
    return summed[:, PAST:]


def learn(weights: Weights, steps: Array, said: npt.NDArray[np.int64]) -> tuple[float, Weights]:
    """Return the loss on a batch for which is known what to say at each step, and its gradient."""
    batch, count, _ = steps.shape
    flat = steps.reshape(batch * count, -1)
    hidden = np.maximum(flat @ weights["in"] + weights["in_bias"], 0)
    first = _windows(hidden.reshape(batch, count, WIDTH))
    one = np.maximum(first @ weights["one"] + weights["one_bias"], 0)
    second = _windows(one.reshape(batch, count, WIDTH))
    two = np.maximum(second @ weights["two"] + weights["two_bias"], 0)
    loss, back = _cross_entropy(two @ weights["out"] + weights["out_bias"], said.reshape(-1))
    gradient: Weights = {}

    def layer(name: str, inputs: Array, back: Array) -> Array:
        gradient[name], gradient[f"{name}_bias"] = inputs.T @ back, back.sum(axis=0)
        passed: Array = back @ weights[name].T
        return passed

    shape = (batch, count, WIDTH)
    back = layer("out", two, back) * (two > 0)
    back = _from_windows(layer("two", second, back), shape).reshape(-1, WIDTH) * (one > 0)
    back = _from_windows(layer("one", first, back), shape).reshape(-1, WIDTH) * (hidden > 0)
    layer("in", flat, back)
    return loss, gradient


def _cross_entropy(logits: Array, said: npt.NDArray[np.int64]) -> tuple[float, Array]:
    """Return the loss and its gradient; a step with a word counts more, because few have one."""
    likely = np.exp(logits - logits.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    rows, weight = np.arange(len(said)), np.where(said > 0, _WORD_WEIGHT, 1.0) / len(said)
    loss = -float((weight * np.log(likely[rows, said] + 1e-9)).sum())
    likely[rows, said] -= 1
    back: Array = (likely * weight[:, None]).astype(np.float32)
    return loss, back
