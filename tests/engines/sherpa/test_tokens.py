"""A model's tokens as words."""

from __future__ import annotations

import math

import pytest

from anyio_stt.engines.sherpa.tokens import timed_words


def test_pieces_of_words_are_joined_and_a_word_lasts_until_the_next() -> None:
    words = timed_words(["▁GO", "▁FOR", "WARD", "▁TEN"], [0.2, 0.4, 0.5, 1.5], 1.8)
    assert words is not None
    assert [(word.text, word.start, word.end) for word in words] == [
        ("GO", 0.2, 0.4),
        ("FORWARD", 0.4, 0.9),  # half a second at most
        ("TEN", 1.5, 1.8),
    ]
    assert all(word.confidence == 0 for word in words)


@pytest.mark.parametrize("times", [[], [0.1]])
def test_without_times_there_are_none(times: list[float]) -> None:
    assert timed_words([" a", " b"], times, 1.0) is None


def test_a_word_is_as_sure_as_its_tokens_are_on_average() -> None:
    sure = [math.log(0.9), math.log(0.4), math.log(0.9)]
    words = timed_words(["▁GO", "▁FOR", "WARD"], [0.2, 0.4, 0.5], 1.0, sure)
    assert words is not None
    assert [word.confidence for word in words] == [0.9, 0.6]
