"""The audio in which each word can be told, and who tells it."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.audio.resampling import Resampler
from anyio_stt.testing import cut_randomly
from anyio_stt.testing.servers.words import Recogniser, Utterance, say_words, word_name


def hear(recogniser: Recogniser, pieces: list[npt.NDArray[np.int16]]) -> list[Utterance]:
    said = [each for piece in pieces for each in recogniser.feed(piece)]
    return [each for each in [*said, *recogniser.finish()] if each.final and each.words]


@given(st.lists(st.integers(1, 500), min_size=1, max_size=12), st.integers())
def test_each_word_is_told_however_the_audio_is_cut(numbers: list[int], seed: int) -> None:
    frames = cut_randomly(say_words(numbers), random.Random(seed), pieces=20)
    finals = hear(Recogniser(16000), [frame.to_array() for frame in frames])
    heard = [word.text for each in finals for word in each.words]
    assert heard == [word_name(number) for number in numbers]


def test_finals_lie_end_to_end_and_cover_everything() -> None:
    audio = say_words(range(1, 8), pause=3.0)
    recogniser = Recogniser(16000)
    said = recogniser.feed(audio.to_array())
    finals = [each for each in [*said, *recogniser.finish()] if each.final]
    assert finals[0].start == 0.0
    assert finals[-1].end == pytest.approx(audio.duration)
    for earlier, later in pairwise(finals):
        assert earlier.end == later.start


def test_resampled_words_are_still_told() -> None:
    audio = say_words(range(1, 10), sample_rate=16000)
    resampler = Resampler(16000, 24000, 1)
    pieces = [frame.to_array() for frame in (resampler.push(audio), resampler.flush()) if frame]
    finals = hear(Recogniser(24000), pieces)
    assert [each.text for each in finals] == ["w1 w2 w3", "w4 w5 w6", "w7 w8 w9"]


def test_a_word_that_has_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="from 1 to 500"):
        say_words([501])
