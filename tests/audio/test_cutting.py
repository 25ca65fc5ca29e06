from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import AudioFrame, combine_frames
from anyio_stt.audio.cutting import FrameCutter
from anyio_stt.testing import noise
from anyio_stt.testing.strategies import chunkings

SOUND = noise(0.1, sample_rate=8000, num_channels=2)


@pytest.mark.contract("S10")
@given(chunkings(SOUND), st.integers(1, 900))
def test_frames_of_one_length_come_out_and_the_rest_on_flush(
    pieces: list[AudioFrame], size: int
) -> None:
    cutter = FrameCutter(size)
    frames = [frame for piece in pieces for frame in cutter.push(piece)]
    assert all(frame.samples_per_channel == size for frame in frames)
    held = cutter.held
    rest = cutter.flush()
    assert held == (rest.samples_per_channel if rest else 0) < size
    assert cutter.held == 0
    assert combine_frames([*frames, *([rest] if rest else [])]) == SOUND


def test_a_frame_of_the_right_length_is_passed_on_as_it_is() -> None:
    frame = SOUND.slice(0, 100)
    assert FrameCutter(100).push(frame)[0] is frame


def test_nothing_is_held_after_a_flush() -> None:
    cutter = FrameCutter(100)
    assert cutter.flush() is None
    cutter.push(SOUND.slice(0, 30))
    assert cutter.flush() == SOUND.slice(0, 30)
    assert cutter.flush() is None


@pytest.mark.parametrize("size", [0, -1])
def test_a_frame_has_at_least_one_sample(size: int) -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        FrameCutter(size)
