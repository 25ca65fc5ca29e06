"""Cues that fit a screen, in the two formats players read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import SpeechData, Word
from anyio_stt.cli.subtitles import Cue, cues_of, srt_cue, vtt_cue


def data_of(*words: str, pace: float = 0.5) -> SpeechData:
    timed = [Word(word, at * pace, (at + 1) * pace) for at, word in enumerate(words)]
    return SpeechData("en", " ".join(words), 0.0, len(words) * pace, words=timed)


def test_a_short_transcript_is_one_cue() -> None:
    assert list(cues_of(data_of("go", "forward"))) == [Cue(0.0, 1.0, "go forward")]


def test_a_transcript_without_words_is_one_cue_with_its_own_times() -> None:
    assert list(cues_of(SpeechData("en", " hello\n there ", 1.0, 2.5))) == [
        Cue(1.0, 2.5, "hello there")
    ]


def test_an_engine_without_a_clock_makes_no_cue_that_ends_before_it_begins() -> None:
    (cue,) = cues_of(SpeechData("en", "hello", 4.0, 0.0))
    assert (cue.start, cue.text) == (4.0, "hello")
    assert cue.end > cue.start


@pytest.mark.parametrize("text", ["", "  \n"])
def test_no_text_is_no_cue(text: str) -> None:
    assert list(cues_of(SpeechData("en", text, 0.0, 1.0))) == []


@given(st.lists(st.text("abc", min_size=1, max_size=20), min_size=1, max_size=60))
def test_cues_hold_every_word_once_and_fit_the_screen(words: list[str]) -> None:
    cues = list(cues_of(data_of(*words)))

    assert " ".join(cue.text for cue in cues).split() == words
    for cue in cues:
        assert len(srt_cue(1, cue).splitlines()) <= 5
        assert max(map(len, srt_cue(1, cue).splitlines()[2:])) <= 42
        assert cue.end - cue.start <= 7
    for before, after in pairwise(cues):
        assert before.end <= after.start


def test_a_word_too_long_for_the_screen_is_kept_whole() -> None:
    assert [cue.text for cue in cues_of(data_of("a", "b" * 100, "c"))] == ["a", "b" * 100, "c"]


def test_srt_counts_cues_and_writes_milliseconds_after_a_comma() -> None:
    assert srt_cue(7, Cue(0.0, 3723.0049, "go forward")) == (
        "7\n00:00:00,000 --> 01:02:03,005\ngo forward\n\n"
    )


def test_vtt_writes_a_point_and_escapes_what_players_read_as_markup() -> None:
    assert vtt_cue(Cue(1.5, 2.9996, "<b> & --> c")) == (
        "00:00:01.500 --> 00:00:03.000\n&lt;b&gt; &amp; --&gt; c\n\n"
    )


def test_a_long_cue_is_broken_near_its_middle() -> None:
    text = "one two three four five six seven eight nine ten"

    lines = srt_cue(1, Cue(0, 1, text)).splitlines()[2:4]

    assert " ".join(lines) == text
    assert all(len(line) <= 42 for line in lines)


def test_times_before_the_beginning_are_the_beginning() -> None:
    assert "00:00:00,000 -->" in srt_cue(1, Cue(-0.2, 1, "x"))
