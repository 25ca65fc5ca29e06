from __future__ import annotations

import pytest

from anyio_stt._rules.timeline import PushTimes


def times() -> PushTimes:
    marks = PushTimes()
    for position, now in ((0, 5.0), (100, 6.0), (200, 7.0)):
        marks.mark(position, now)
    return marks


@pytest.mark.contract("S20")
@pytest.mark.parametrize(
    ("position", "expected"),
    [(1, 5.0), (100, 5.0), (101, 6.0), (200, 6.0), (201, 7.0), (9999, 7.0), (0, None)],
)
def test_the_sample_before_a_position_was_pushed_at_the_last_mark_before_it(
    position: int, expected: float | None
) -> None:
    assert times().when(position) == expected


def test_forgetting_keeps_what_later_audio_needs() -> None:
    marks = times()
    marks.forget(150)
    assert marks.when(50) is None
    assert marks.when(150) == 6.0
    marks.forget(9999)
    assert marks.when(9999) == 7.0
    assert PushTimes().when(10) is None
