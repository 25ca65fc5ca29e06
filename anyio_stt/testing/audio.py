"""The same audio every time: tones, silence, noise, a spoken sentence, and ways to cut it."""

from __future__ import annotations

import random
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ..audio.frame import AudioFrame

__all__ = ("Spoken", "cut", "cut_at", "cut_randomly", "noise", "silence", "spoken", "tone")


def tone(
    seconds: float,
    frequency: float = 440.0,
    *,
    sample_rate: int = 16000,
    num_channels: int = 1,
    level: float = 0.5,
) -> AudioFrame:
    """
    Make a sine tone, the same in every channel.

    Args:
        seconds: its length.
        frequency: in Hz.
        sample_rate: samples a second.
        num_channels: how many channels.
        level: its peak, where 1 is full scale.
    """
    times = np.arange(round(seconds * sample_rate)) / sample_rate
    wave_form = level * np.sin(2 * np.pi * frequency * times)
    return AudioFrame.from_array(_in_channels(wave_form, num_channels), sample_rate)


def silence(seconds: float, *, sample_rate: int = 16000, num_channels: int = 1) -> AudioFrame:
    """Make digital silence."""
    samples = round(seconds * sample_rate)
    return AudioFrame(bytes(2 * samples * num_channels), sample_rate, num_channels, samples)


def noise(
    seconds: float,
    seed: int = 0,
    *,
    sample_rate: int = 16000,
    num_channels: int = 1,
    level: float = 0.3,
) -> AudioFrame:
    """Make white noise; no two samples repeat a pattern, so lost or doubled audio shows."""
    size = round(seconds * sample_rate), num_channels
    samples = np.random.default_rng(seed).uniform(-level, level, size)
    return AudioFrame.from_array(samples, sample_rate)


@dataclass(frozen=True, slots=True)
class Spoken:
    """
    A human voice.

    Args:
        frame: what is heard.
        transcript: what is said, in lower case without punctuation, a sentence a line.
    """

    frame: AudioFrame
    transcript: str


def spoken() -> Spoken:
    """Return the spoken sample that comes with the kit: 16 kHz, one channel."""
    folder = files("anyio_stt.testing")
    with (folder / "spoken.wav").open("rb") as file, wave.open(file) as sound:
        frames = sound.getnframes()
        data = sound.readframes(frames)
        frame = AudioFrame(data, sound.getframerate(), sound.getnchannels(), frames)
    return Spoken(frame, (folder / "spoken.txt").read_text(encoding="utf-8").strip())


def cut(frame: AudioFrame, seconds: float) -> list[AudioFrame]:
    """Cut into pieces of so many seconds; the last one holds the rest."""
    size = max(1, round(seconds * frame.sample_rate))
    return cut_at(frame, range(size, frame.samples_per_channel, size))


def cut_at(frame: AudioFrame, positions: Sequence[int]) -> list[AudioFrame]:
    """Cut at these samples, in ascending order; a piece between equal positions is empty."""
    edges = [0, *positions, frame.samples_per_channel]
    return [frame.slice(first, last) for first, last in pairwise(edges)]


def cut_randomly(frame: AudioFrame, rng: random.Random, pieces: int = 10) -> list[AudioFrame]:
    """Cut into so many pieces, some of them perhaps empty."""
    total = frame.samples_per_channel
    return cut_at(frame, sorted(rng.randint(0, total) for _ in range(pieces - 1)))


def _in_channels(samples: npt.NDArray[Any], num_channels: int) -> npt.NDArray[Any]:
    return samples if num_channels == 1 else np.repeat(samples[:, None], num_channels, axis=1)
