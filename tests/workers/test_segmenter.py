"""Where speech begins and ends; speech is loud here, and silence is not."""

from __future__ import annotations

from array import array
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.workers.endpointing import Endpointing
from anyio_stt.workers.segmenter import (
    SAMPLE_RATE,
    Offset,
    Onset,
    Pause,
    Segmenter,
    Speech,
    Step,
    Utterance,
)

OPTIONS = Endpointing(onset=0.3, offset=0.6, padding=0.3, tail=0.3, max_utterance=6.0)


def is_speech(frame: bytes) -> bool:
    return max(map(abs, array("h", frame))) > 100


def make(*parts: tuple[float, int]) -> bytes:
    """Make audio of so many seconds at such a level, and no two samples in a row alike."""
    samples = array("h")
    for seconds, level in parts:
        samples.extend(level - at % 7 for at in range(round(seconds * SAMPLE_RATE)))
    return samples.tobytes()


def segment(audio: bytes, options: Endpointing = OPTIONS, chunk: int = 3200) -> list[Step]:
    segmenter = Segmenter(is_speech, options)
    chunks = (audio[at : at + chunk] for at in range(0, len(audio), chunk))
    return [*chain.from_iterable(map(segmenter.push, chunks)), *segmenter.flush()]


def spans(steps: list[Step]) -> list[tuple[float, float]]:
    """Return where utterances begin and end, in seconds."""
    return [
        (step.first / SAMPLE_RATE, (step.first + len(step.audio) // 2) / SAMPLE_RATE)
        for step in steps
        if isinstance(step, Utterance)
    ]


def test_an_utterance_is_the_speech_and_the_padding_around_it() -> None:
    audio = make((1.5, 0), (2.1, 1000), (2.4, 0))
    steps = segment(audio)

    ((begin, end),) = spans(steps)
    assert begin == pytest.approx(1.2, abs=0.031)
    assert end == pytest.approx(3.9, abs=0.061)
    onset, offset = steps[0], steps[-1]
    assert isinstance(onset, Onset)
    assert isinstance(offset, Offset)
    assert onset.at / SAMPLE_RATE == pytest.approx(1.5, abs=0.031)
    assert offset.at / SAMPLE_RATE == pytest.approx(3.6, abs=0.061)


def test_the_audio_of_an_utterance_is_what_was_pushed_sample_by_sample() -> None:
    audio = make((1.5, 0), (2.1, 1000), (2.4, 0))
    (utterance,) = (step for step in segment(audio) if isinstance(step, Utterance))

    begin = 2 * utterance.first
    assert utterance.audio == audio[begin : begin + len(utterance.audio)]


def test_speech_comes_as_it_is_spoken_and_begins_with_the_padding() -> None:
    steps = segment(make((1.5, 0), (2.1, 1000), (2.4, 0)))
    heard = b"".join(step.audio for step in steps if isinstance(step, Speech))
    (utterance,) = (step for step in steps if isinstance(step, Utterance))
    assert heard.startswith(utterance.audio)


def test_silence_and_clicks_are_no_speech() -> None:
    assert segment(make((1.0, 0), (0.06, 1000), (3.0, 0))) == []


def test_a_pause_shorter_than_the_window_stays_inside_the_utterance() -> None:
    assert len(spans(segment(make((1, 0), (1, 900), (0.4, 0), (1, 900), (1, 0))))) == 1
    assert len(spans(segment(make((1, 0), (1, 900), (0.9, 0), (1, 900), (1, 0))))) == 2


def test_a_word_too_short_to_be_sure_of_counts_when_the_input_ends() -> None:
    assert len(spans(segment(make((1.0, 0), (0.24, 1000))))) == 1


def test_long_speech_is_cut_at_its_quietest_spot_and_nothing_is_lost() -> None:
    audio = make((4.8, 1000), (0.3, 150), (4.0, 1000))
    steps = segment(audio)
    first, second = spans(steps)

    assert 4.8 <= first[1] <= 5.1
    assert second[0] == first[1]
    assert [type(step) for step in steps if not isinstance(step, Speech)] == [
        Onset,
        Utterance,
        Utterance,
        Offset,
    ]
    assert b"".join(step.audio for step in steps if isinstance(step, Utterance)) == audio


@given(
    st.lists(st.tuples(st.floats(0.02, 2.5), st.sampled_from([0, 1000])), max_size=6),
    st.integers(1, 5000).map(lambda samples: 2 * samples),
)
def test_whatever_is_said_utterances_follow_each_other_and_hold_what_was_pushed(
    parts: list[tuple[float, int]], chunk: int
) -> None:
    audio = make(*parts)
    steps = segment(audio, chunk=chunk)
    assert steps == [] or (isinstance(steps[0], Onset) and isinstance(steps[-1], Offset))
    end = 0
    for step in steps:
        if isinstance(step, Utterance):
            assert step.first >= end
            end = step.first + len(step.audio) // 2
            assert step.audio == audio[2 * step.first : 2 * end]
            assert len(step.audio) <= 2 * (6.0 + 0.03) * SAMPLE_RATE
    assert end <= len(audio) // 2


@given(st.lists(st.tuples(st.floats(0.02, 2.5), st.sampled_from([0, 1000])), max_size=6))
def test_no_utterance_holds_audio_that_was_called_quiet_before(
    parts: list[tuple[float, int]],
) -> None:
    audio, segmenter = make(*parts), Segmenter(is_speech, OPTIONS)
    for at in range(0, len(audio), 3200):
        quiet = segmenter.quiet_until
        for step in segmenter.push(audio[at : at + 3200]):
            assert not isinstance(step, Utterance) or step.first >= quiet
        assert segmenter.quiet_until >= quiet


def test_how_the_audio_is_cut_makes_no_difference() -> None:
    audio = make((1, 0), (2.3, 1000), (1, 0), (0.5, 1000))
    assert spans(segment(audio, chunk=2)) == spans(segment(audio, chunk=len(audio)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"onset": 0.0},
        {"offset": float("nan")},
        {"ratio": 0.3},
        {"padding": -1.0},
        {"tail": 5.0},
        {"max_utterance": 60.0},
    ],
)
def test_a_number_out_of_its_limits_is_named(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} must be"):
        Endpointing(**wrong)


def test_a_pause_that_may_be_the_end_is_told_of_with_what_the_utterance_will_be() -> None:
    segmenter = Segmenter(is_speech, OPTIONS, eager=True)
    steps = list(segmenter.push(make((1.0, 0), (1.0, 1000), (0.45, 0), (1.0, 1000), (1.0, 0))))

    pauses = [step.so_far for step in steps if isinstance(step, Pause)]
    (utterance,) = (step for step in steps if isinstance(step, Utterance))
    assert len(pauses) == 2
    assert pauses[1].audio == utterance.audio
    assert pauses[0].audio == utterance.audio[: len(pauses[0].audio)]


@given(st.lists(st.tuples(st.floats(0.05, 1.5), st.sampled_from([0, 1000])), max_size=12))
def test_telling_of_pauses_keeps_all_that_is_spoken(parts: list[tuple[float, int]]) -> None:
    segmenter = Segmenter(is_speech, OPTIONS, eager=True)
    audio = make(*parts)
    steps = [*segmenter.push(audio), *segmenter.flush()]

    position = 0
    for step in steps:
        if isinstance(step, Utterance):
            assert step.first >= position
            assert audio[2 * step.first :].startswith(step.audio)
            assert step.first <= step.speech_start <= step.speech_end
            position = step.first + len(step.audio) // 2
