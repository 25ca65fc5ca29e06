"""Frames are values: what they hold, what they refuse, and how they are joined."""

from __future__ import annotations

import array
import copy
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.audio import AudioFrame, as_frame, calculate_audio_duration, combine_frames

samples = st.lists(st.integers(-32768, 32767), max_size=40)


@dataclass
class ForeignFrame:
    """What LiveKit's frame looks like: its data is a view of memory that can change."""

    data: Any
    sample_rate: int = 16000
    num_channels: int = 1
    samples_per_channel: int = 2


def frame_of(*values: int, rate: int = 16000, channels: int = 1) -> AudioFrame:
    return AudioFrame(array.array("h", values), rate, channels, len(values) // channels)


@given(samples, st.sampled_from([1, 2, 3]))
def test_samples_survive_the_way_through_an_array(values: list[int], channels: int) -> None:
    values = values[: len(values) // channels * channels]
    frame = frame_of(*values, channels=channels)

    assert AudioFrame.from_array(frame.to_array(), 16000) == frame
    assert frame.to_array().ravel().tolist() == values


@given(samples)
def test_any_spelling_of_the_same_bytes_makes_an_equal_frame(values: list[int]) -> None:
    items = array.array("h", values)
    spellings = [items, items.tobytes(), bytearray(items.tobytes()), memoryview(items)]

    frames = {AudioFrame(data, 8000, 1, len(values)) for data in spellings}

    assert len(frames) == 1
    assert frames.pop().pcm == items.tobytes()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_frame_does_not_change_with_the_buffer_it_was_made_of(read_only: bool) -> None:
    memory = bytearray(b"\x01\x00\x02\x00")
    view = memoryview(memory)
    frame = AudioFrame(view.toreadonly() if read_only else view, 16000, 1, 2)

    memory[0] = 9

    assert frame.to_array().tolist() == [1, 2]
    with pytest.raises(TypeError):
        frame.data[0] = 5
    with pytest.raises(ValueError, match="read-only"):
        frame.to_array()[0] = 5


def test_bytes_are_not_copied() -> None:
    raw = bytes(8)

    assert AudioFrame(raw, 16000, 1, 4).data.obj is raw


def test_a_slice_does_not_keep_the_whole_in_memory() -> None:
    whole = AudioFrame(bytes(8), 16000, 1, 4)

    assert len(whole.slice(1, 3).data.obj) == 4  # type: ignore[arg-type]


def test_data_shaped_by_channel_is_taken_as_interleaved() -> None:
    shaped = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.int16)
    raw = memoryview(shaped.tobytes()).cast("h", (3, 2))

    for data in (shaped, raw):
        frame = AudioFrame(data, 16000, 2, 3)
        assert frame.data.tolist() == [1, 2, 3, 4, 5, 6]
        assert frame.slice(1, 2).data.tolist() == [3, 4]


def test_every_second_item_of_an_array_can_be_a_frame() -> None:
    assert AudioFrame(np.arange(6, dtype=np.int16)[::2], 16000, 1, 3).data.tolist() == [0, 2, 4]


def test_the_length_is_in_seconds_whatever_the_channels() -> None:
    assert AudioFrame(bytes(64000), 16000, 2, 16000).duration == 1.0
    assert AudioFrame(b"", 16000, 2, 0).duration == 0.0


@pytest.mark.parametrize(
    ("format_", "words"),
    [
        ((0, 1, 2), "positive sample_rate"),
        ((16000, 0, 2), "positive sample_rate and num_channels"),
        ((16000, 1, -2), "-2"),
        ((16000, 1, 3), "are 6 bytes of int16, but data has 4"),
        ((16000, 2, 2), r"2 samples of 2 channel\(s\) are 8 bytes"),
    ],
)
def test_numbers_that_do_not_fit_are_refused_by_name(format_: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        AudioFrame(bytes(4), *format_)


@pytest.mark.parametrize(
    ("value", "sample"), [(0.0, 0), (1.0, 32767), (-1.0, -32768), (0.5, 16384), (2**-15, 1)]
)
def test_floats_from_minus_one_to_one_fill_the_scale(value: float, sample: int) -> None:
    assert AudioFrame.from_array([value], 16000).to_array().tolist() == [sample]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((2, 160)), r"2 channel\(s\) of 160 samples give array\.T"),
        ([float("nan")], "found nan"),
        ([float("-inf")], "found inf"),
        (np.array([1, 2], dtype=np.int32), "got int32"),
        (np.zeros((1, 2, 3)), r"got \(1, 2, 3\)"),
        (np.float32(0.1), r"got \(\)"),
    ],
)
def test_an_array_of_another_kind_is_refused_by_name(values: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        AudioFrame.from_array(values, 16000)


def test_floats_beyond_one_are_clipped_and_said_so() -> None:
    with pytest.warns(UserWarning, match="the loudest is 1.5"):
        frame = AudioFrame.from_array([0.5, 1.5, -1.0001], 16000)
    assert frame.to_array().tolist() == [16384, 32767, -32768]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (np.zeros(160, dtype=np.int16), r"AudioFrame\.from_array\(array, sample_rate\)"),
        (b"\0\0", r"AudioFrame\(data, sample_rate"),
        ("speech.wav", r"open_audio\(path\)"),
        (Path("speech.wav"), r"open_audio\(path\)"),
    ],
)
def test_what_people_give_in_place_of_a_frame_gets_the_line_to_write(given: Any, line: str) -> None:
    with pytest.raises(TypeError, match=line):
        as_frame(given)
    with pytest.raises(TypeError, match=line):
        combine_frames(given)


def test_telephony_is_expanded_as_the_standard_says() -> None:
    # Silence, the loudest, and one in the middle of each law; from G.711's tables.
    mulaw = AudioFrame.from_mulaw(bytes([0xFF, 0x7F, 0x80, 0x00, 0xDB]))
    assert mulaw.to_array().tolist() == [0, 0, 32124, -32124, 524]
    alaw = AudioFrame.from_alaw(bytes([0xD5, 0x55, 0xAA, 0x2A, 0x80]))
    assert alaw.to_array().tolist() == [8, -8, 32256, -32256, 5504]
    assert (mulaw.sample_rate, mulaw.num_channels) == (8000, 1)
    assert AudioFrame.from_alaw(bytes(6), 16000, 2).samples_per_channel == 3


def test_an_array_of_two_columns_is_stereo() -> None:
    frame = AudioFrame.from_array(np.array([[1, 2], [3, 4], [5, 6]], dtype=np.int16), 16000)

    assert (frame.num_channels, frame.samples_per_channel) == (2, 3)
    assert frame.data.tolist() == [1, 2, 3, 4, 5, 6]


@given(samples, st.integers(0, 40))
def test_two_slices_joined_are_the_whole(values: list[int], at: int) -> None:
    values = values[: len(values) // 2 * 2]
    frame = frame_of(*values, channels=2)
    at = min(at, frame.samples_per_channel)

    assert combine_frames([frame.slice(0, at), frame.slice(at)]) == frame


def test_a_slice_past_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match="5 samples"):
        frame_of(1, 2, 3).slice(0, 5)


def test_frames_that_differ_in_anything_are_not_equal() -> None:
    frame = frame_of(1, 2)

    assert frame == frame_of(1, 2)
    assert hash(frame) == hash(frame_of(1, 2))
    for other in (frame_of(1, 3), frame_of(1, 2, rate=8000), frame_of(1, 2, channels=2), b"12"):
        assert frame != other


def test_a_frame_can_be_copied_and_sent_to_another_process() -> None:
    frame = frame_of(1, -2, 3)

    assert pickle.loads(pickle.dumps(frame)) == frame
    assert copy.deepcopy(frame) == frame


def test_the_repr_tells_the_format_and_not_the_samples() -> None:
    assert repr(AudioFrame(bytes(3200), 16000, 1, 1600)) == (
        "AudioFrame(0.100 s, sample_rate=16000, num_channels=1, samples_per_channel=1600)"
    )


def test_another_librarys_frame_is_copied() -> None:
    memory = bytearray(b"\x01\x00\x02\x00")
    frame = as_frame(ForeignFrame(memoryview(memory).cast("h")))

    memory[0] = 9

    assert frame == frame_of(1, 2)
    assert as_frame(frame) is frame


def test_what_is_no_frame_is_refused_by_type() -> None:
    with pytest.raises(TypeError, match=r"must be an AudioFrame.*got bytes"):
        as_frame(b"\x00\x00")  # type: ignore[arg-type]


def test_frames_are_joined_in_order() -> None:
    assert combine_frames([frame_of(1), frame_of(2, 3), frame_of()]) == frame_of(1, 2, 3)
    assert combine_frames(iter([frame_of(1), frame_of(2)])) == frame_of(1, 2)


def test_a_single_frame_of_ours_or_anothers_is_a_buffer_too() -> None:
    frame = frame_of(1, 2)

    assert combine_frames(frame) is frame
    assert combine_frames([frame]) is frame
    assert combine_frames(ForeignFrame(frame.data)) == frame
    assert calculate_audio_duration(ForeignFrame(frame.data)) == 2 / 16000


@pytest.mark.parametrize(
    ("buffer", "words"),
    [
        ([], "no audio"),
        ([frame_of(1), frame_of(1, rate=8000)], r"16000 Hz with 1 .*8000 Hz with 1"),
        ([frame_of(1, 2), frame_of(1, 2, channels=2)], r"16000 Hz with 2; resample"),
    ],
)
def test_nothing_and_a_mixture_cannot_be_joined(buffer: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        combine_frames(buffer)


def test_durations_add_up() -> None:
    second = AudioFrame(bytes(32000), 16000, 1, 16000)

    assert calculate_audio_duration(second) == 1.0
    assert calculate_audio_duration([second, second.slice(8000)]) == 1.5
    assert calculate_audio_duration([]) == 0.0
