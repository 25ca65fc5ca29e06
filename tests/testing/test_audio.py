from __future__ import annotations

import random

import numpy as np

from anyio_stt import combine_frames
from anyio_stt.testing import cut, cut_at, cut_randomly, noise, silence, tone


def test_a_tone_has_its_length_level_and_channels() -> None:
    frame = tone(0.5, 1000.0, sample_rate=8000, num_channels=2, level=0.25)
    samples = frame.to_array()
    assert samples.shape == (4000, 2)
    assert np.array_equal(samples[:, 0], samples[:, 1])
    assert abs(int(np.max(samples)) - 8192) <= 1
    spectrum = np.abs(np.fft.rfft(samples[:, 0]))
    assert np.argmax(spectrum) == 500  # 1000 Hz, in steps of 2 Hz


def test_silence_is_zeros() -> None:
    frame = silence(0.1, num_channels=2)
    assert frame.duration == 0.1
    assert not frame.to_array().any()


def test_noise_is_the_same_for_a_seed_and_differs_between_seeds() -> None:
    assert noise(0.1, 7) == noise(0.1, 7)
    assert noise(0.1, 7) != noise(0.1, 8)


def test_pieces_add_up_to_what_was_cut() -> None:
    frame = noise(0.35)
    assert [piece.duration for piece in cut(frame, 0.1)] == [0.1, 0.1, 0.1, 0.05]
    for pieces in (
        cut(frame, 0.1),
        cut_at(frame, [10, 10, 500]),
        cut_randomly(frame, random.Random(1)),
    ):
        assert combine_frames(pieces) == frame


def test_cutting_at_random_is_decided_by_the_seed() -> None:
    frame = noise(0.1)
    first, second = (cut_randomly(frame, random.Random(5)) for _ in range(2))
    assert first == second
    assert len(first) == 10
