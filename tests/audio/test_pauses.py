"""Long audio is cut where it is quietest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import AudioFrame, combine_frames
from anyio_stt.audio.pauses import cut_at_pauses, quietest_place
from anyio_stt.testing import cut, noise, silence


@pytest.mark.parametrize("pause", [1.0, 1.7, 2.4])
def test_the_quietest_place_is_the_middle_of_the_pause(pause: float) -> None:
    sound = [noise(pause - 0.15, seed=1), silence(0.3), noise(3.0 - pause, seed=2)]
    assert quietest_place(combine_frames(sound), 0.5, 3.0) == pytest.approx(pause, abs=0.06)


def test_what_is_too_short_to_look_in_is_cut_at_its_end() -> None:
    assert quietest_place(noise(1.0, seed=1), 0.5, 0.505) == 0.505


@given(st.integers(1, 4000), st.floats(0.01, 0.2), st.floats(0.01, 1.0), st.integers(1, 2))
async def test_all_samples_come_once_in_pieces_that_are_short_enough(
    samples: int, length: float, longest: float, channels: int
) -> None:
    values = np.arange(samples * channels, dtype=np.int16).reshape(samples, channels)
    whole = AudioFrame.from_array(values, 8000)
    pieces = [each async for each in cut_at_pauses(cut(whole, length), longest)]
    assert b"".join(piece.pcm for _, piece in pieces) == whole.pcm
    assert all(piece.duration <= longest + 1 / 8000 for _, piece in pieces)
    if len(pieces) > 1 and longest > 0.1:
        assert pieces[-1][1].duration > longest / 4 - 2 / 8000
    begins = np.cumsum([0.0, *(piece.duration for _, piece in pieces)])[:-1]
    assert [start for start, _ in pieces] == pytest.approx(list(begins))
