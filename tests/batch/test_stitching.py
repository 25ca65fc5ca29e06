from __future__ import annotations

import math
import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import SpeechData, SpeechEvent, SpeechEventType, Word
from anyio_stt.batch.stitching import Said, Stitcher
from anyio_stt.testing import final

LEAD, TRAIL = 6.0, 5.0


def utterance(start: float, *words: str, channel: int | None = None) -> SpeechEvent:
    """Return a final with a word each second."""
    times = [Word(word, start + at, start + at + 0.9) for at, word in enumerate(words)]
    data = SpeechData("en", " ".join(words), start, times[-1].end_time, words=times)
    kind = SpeechEventType.FINAL_TRANSCRIPT
    return SpeechEvent(kind, "", [data], channel=channel)


def joined(
    cuts: list[float], heard: list[list[SpeechEvent]], order: list[int] | None = None
) -> list[SpeechEvent]:
    """Return what comes of pieces that are done in *order*."""
    told: list[SpeechEvent] = []
    stitcher = Stitcher(told.append, lead=LEAD, trail=TRAIL)
    pieces = [stitcher.piece(first, last) for first, last in pairwise([*cuts, math.inf])]
    for number in order or range(len(pieces)):
        say(stitcher, pieces[number], heard[number])
    return told


def say(stitcher: Stitcher, piece: Said, finals: list[SpeechEvent]) -> None:
    for each in finals:
        piece.finals.append(each)
        stitcher.advance()
    piece.done = True
    stitcher.advance()


def texts(finals: list[SpeechEvent]) -> list[str]:
    return [each.alternatives[0].text for each in finals]


def test_an_utterance_that_was_cut_in_one_piece_comes_from_the_other() -> None:
    # Cut at 20, in the middle of what is said from 18 to 21.9.
    before = [utterance(10, "one"), utterance(18, "now", "is", "the", "time")]
    behind = [
        utterance(14, "noise"),
        utterance(18, "now", "is", "the", "time"),
        utterance(30, "end"),
    ]
    assert texts(joined([0, 20], [before, behind])) == ["one", "now is the time", "end"]


def test_where_there_is_no_pause_the_words_are_parted_at_the_cut() -> None:
    before = [utterance(10, *"abcdefghijklmno")]
    behind = [utterance(14, *"EFGHIJKLMNOPQRS")]
    assert texts(joined([0, 20], [before, behind])) == ["a b c d e f g h i j", "K L M N O P Q R S"]


def test_channels_are_joined_each_by_itself() -> None:
    left = [utterance(18, "a", "b", "c", channel=0), utterance(30, "d", channel=0)]
    right = [utterance(19, "x", "y", "z", channel=1)]
    told = joined([0, 20], [[left[0], right[0]], [left[0], right[0], left[1]]])
    assert texts(told) == ["a b c", "x y z", "d"]


def test_what_is_certain_is_told_before_a_piece_is_done() -> None:
    told: list[SpeechEvent] = []
    stitcher = Stitcher(told.append, lead=LEAD, trail=TRAIL)
    piece = stitcher.piece(0, 20)
    piece.finals += [utterance(10, "one"), utterance(15, "two")]
    stitcher.advance()
    assert texts(told) == ["one"]  # the next piece hears from 14 on


def test_finals_without_times_are_told_as_they_are() -> None:
    assert texts(joined([0, 20], [[final("one")], [final("two")]])) == ["one", "two"]


@given(
    lengths=st.lists(st.tuples(st.floats(0.1, 4), st.integers(1, 4)), max_size=40),
    cuts=st.lists(st.integers(15, 40), max_size=4),
    seed=st.integers(0, 1000),
)
def test_pieces_joined_say_what_the_whole_says(
    lengths: list[tuple[float, int]], cuts: list[int], seed: int
) -> None:
    rng = random.Random(seed)
    whole, at = [], 0.0
    for number, (gap, words) in enumerate(lengths):
        whole.append(utterance(at + gap, *(f"{number}.{word}" for word in range(words))))
        at += gap + words
    places = [0.0]
    for each in cuts:
        places.append(places[-1] + each)
    bounds = pairwise([*places, math.inf])
    heard = [_as_heard(whole, first - LEAD, last + TRAIL) for first, last in bounds]
    order = list(range(len(places)))
    rng.shuffle(order)
    assert texts(joined(places, heard, order)) == texts(whole)


def _as_heard(whole: list[SpeechEvent], begin: float, end: float) -> list[SpeechEvent]:
    """Return what a piece hears: an utterance at its edge is cut off, and misunderstood."""
    heard = []
    for each in whole:
        data = each.alternatives[0]
        words = [w for w in data.words or () if w.start_time >= begin and w.end_time <= end]
        if len(words) == len(data.words or ()):
            heard.append(each)
        elif words:
            heard.append(utterance(words[0].start_time, *("?" for _ in words)))
    return heard
