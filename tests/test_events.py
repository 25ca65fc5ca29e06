from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from anyio_stt import SpeechData, SpeechEvent, SpeechEventType, Word

FINAL = SpeechEventType.FINAL_TRANSCRIPT


@pytest.mark.contract("S17")
def test_every_time_moves_by_the_same_seconds() -> None:
    words = [Word("a", 0.0, 0.5), Word("b", 0.5, 1.0)]
    data = [SpeechData("en", "a b", 0.0, 1.0, words=words), SpeechData("en", "ab", 0.1, 0.9)]
    event = SpeechEvent(FINAL, "r", data, time=0.25, channel=1).shifted(10.0)
    assert [(each.start_time, each.end_time) for each in event.alternatives] == [
        (10.0, 11.0),
        (10.1, 10.9),
    ]
    first = event.alternatives[0].words
    assert first is not None
    assert [(word.start_time, word.end_time) for word in first] == [(10.0, 10.5), (10.5, 11.0)]
    assert (event.time, event.request_id, event.channel) == (10.25, "r", 1)


@pytest.mark.contract("S17")
def test_what_an_engine_without_a_clock_leaves_at_zero_stays_there() -> None:
    data = SpeechData("en", "a", words=[Word("a")])
    event = SpeechEvent(FINAL, alternatives=[data]).shifted(10.0)
    assert event.alternatives == [data]
    assert event.time is None


def test_the_engines_own_event_is_not_touched() -> None:
    data = [SpeechData("en", "a", 0.0, 1.0)]
    event = SpeechEvent(FINAL, alternatives=data)
    event.shifted(3.0)
    assert event.alternatives is data
    assert data[0].end_time == 1.0
    assert event.shifted(0.0) is event


def test_a_word_is_its_text_with_times() -> None:
    word = Word("hello", 0.25, 0.5, 0.9, "A")
    assert word == "hello"
    assert word.text == "hello"
    assert " ".join([word, Word("there")]) == "hello there"
    assert (word.start_time, word.end_time, word.confidence, word.speaker_id) == (
        0.25,
        0.5,
        0.9,
        "A",
    )
    assert repr(word) == "Word('hello', 0.250, 0.500)"


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w))]
)
def test_a_word_is_a_value(again: Callable[[Word], Word]) -> None:
    word = Word("hello", 0.25, 0.5, 0.9, "A")
    same = again(word)
    assert (same, same.end_time, same.speaker_id) == ("hello", 0.5, "A")
    with pytest.raises(AttributeError, match="does not change"):
        word.start_time = 1.0
