"""Conversations made of recordings: sentences with pauses inside, and two seconds between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..accuracy import RATE, Recording, noisy

BETWEEN = 2.0
PAUSES = (0.2, 1.5)
_STEP = RATE // 100
_QUIET = 0.01  # of the loudest: what lies before and after is no speech


@dataclass(frozen=True)
class Turn:
    """Where somebody spoke, in seconds, and how many pauses were put in."""

    start: float
    end: float
    pauses: int


@dataclass(frozen=True)
class Conversation:
    name: str
    samples: Any
    turns: list[Turn]


def conversation(recordings: list[Recording], seed: int, decibels: int | None) -> Conversation:
    """Make one of all *recordings*, in an order and with pauses that *seed* decides."""
    chance = np.random.default_rng(seed)
    pieces, turns, at = [np.zeros(RATE // 2, np.int16)], [], RATE // 2
    for index in chance.permutation(len(recordings)):
        speech, pauses = with_pauses(trimmed(recordings[index].samples), chance)
        turns.append(Turn(at / RATE, (at + len(speech)) / RATE, pauses))
        gap = np.zeros(round(BETWEEN * RATE), np.int16)
        pieces += [speech, gap]
        at += len(speech) + len(gap)
    samples = noisy(np.concatenate(pieces), decibels)
    return Conversation("clean" if decibels is None else f"{decibels} dB", samples, turns)


def trimmed(samples: Any) -> Any:
    """Return a recording without the silence at its ends."""
    loud = np.flatnonzero(power(samples) > _QUIET * np.quantile(power(samples), 0.95))
    return samples[loud[0] * _STEP : (loud[-1] + 1) * _STEP]


def with_pauses(speech: Any, chance: Any) -> tuple[Any, int]:
    """Put a pause in each three seconds of *speech*, where it is quietest nearby."""
    count = int(chance.integers(0, 1 + max(1, len(speech) // (3 * RATE))))
    loudness = np.convolve(power(speech), np.ones(5) / 5, "same")
    pieces, begin = [], 0
    for wanted in sorted(chance.uniform(0.2, 0.8, count) * len(loudness)):
        near = np.arange(max(0, int(wanted) - 40), min(len(loudness), int(wanted) + 40))
        cut = int(near[np.argmin(loudness[near])]) * _STEP
        if cut > begin:
            pause = np.zeros(round(chance.uniform(*PAUSES) * RATE), np.int16)
            pieces += [speech[begin:cut], pause]
            begin = cut
    return np.concatenate([*pieces, speech[begin:]]), len(pieces) // 2


def power(samples: Any) -> Any:
    """Return the power of each ten milliseconds."""
    whole = len(samples) // _STEP * _STEP
    return (samples[:whole].reshape(-1, _STEP).astype(float) ** 2).mean(axis=1)
