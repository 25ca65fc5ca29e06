from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import AudioFrame
from anyio_stt.batch.pieces import Piece, PieceCutter, in_tenths

RATE = 100


def pieces_of(samples: npt.NDArray[Any], *, frame: int, lead: float, trail: float) -> list[Piece]:
    cutter = PieceCutter(shortest=3, longest=6, lead=lead, trail=trail, start=10)
    frames = [samples[at : at + frame] for at in range(0, len(samples), frame)]
    made = [cutter.push(AudioFrame.from_array(each, RATE)) for each in frames]
    return [piece for piece in made if piece is not None] + list(cutter.flush())


@given(
    seconds=st.floats(0.01, 40),
    frame=st.integers(1, 500),
    lead=st.floats(0, 5),
    trail=st.floats(0, 3),
)
def test_pieces_are_the_whole_and_each_has_what_is_around_it(
    seconds: float, frame: int, lead: float, trail: float
) -> None:
    samples = np.random.default_rng(0).integers(-99, 99, round(seconds * RATE) + 1, "i2")
    pieces = pieces_of(samples, frame=frame, lead=lead, trail=trail)
    assert pieces[0].first == pieces[0].start == 10
    assert math.isinf(pieces[-1].last)
    assert all(one.last == other.first for one, other in pairwise(pieces))
    for piece in pieces:
        begin = round((piece.start - 10) * RATE)
        held = piece.frame.to_array()
        assert np.array_equal(held, samples[begin : begin + len(held)])
        assert piece.first - piece.start <= lead + 0.48 + 1 / RATE
        end = min(
            len(samples), round((piece.last - 10 + trail) * RATE) if piece.last < 1e9 else 1e9
        )
        assert begin + len(held) == pytest.approx(end, abs=1)


async def test_a_piece_is_given_in_tenths_of_a_second() -> None:
    frame = AudioFrame.from_array(np.arange(125, dtype="i2"), RATE)
    tenths = [each async for each in in_tenths(frame)]
    assert [each.samples_per_channel for each in tenths] == [10] * 12 + [5]
