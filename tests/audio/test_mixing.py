"""One channel made of several."""

from __future__ import annotations

import numpy as np
import pytest

from anyio_stt.audio import AudioFrame, mix_down


def test_mono_is_left_alone() -> None:
    frame = AudioFrame(bytes(20), 8000, 1, 10)

    assert mix_down(frame) is frame


@pytest.mark.parametrize("level", [-32768, -1, 0, 1, 32767])
def test_equal_channels_keep_their_level_to_the_ends_of_the_scale(level: int) -> None:
    frame = AudioFrame.from_array(np.full((5, 6), level, np.int16), 48000)

    assert mix_down(frame) == AudioFrame.from_array(np.full(5, level, np.int16), 48000)


def test_every_channel_is_heard() -> None:
    frame = AudioFrame.from_array(np.array([[300, 0, 0], [0, 300, 0], [0, 0, 300]], np.int16), 8000)

    assert mix_down(frame).to_array().tolist() == [100, 100, 100]


def test_no_samples_stay_no_samples() -> None:
    assert mix_down(AudioFrame(b"", 8000, 2, 0)) == AudioFrame(b"", 8000, 1, 0)
