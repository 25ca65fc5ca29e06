from __future__ import annotations

import pytest

from anyio_stt._rules.timeline import PushTimes

RATE = 100


def times() -> PushTimes:
    """Frames of 20 samples: the first of each second at its time, the rest as it comes."""
    marks = PushTimes()
    for second in range(3):
        marks.mark(100 * second, 100 * second + 20, 5.0 + second)
    return marks


@pytest.mark.contract("S20")
@pytest.mark.parametrize(
    ("position", "expected"),
    [(0, None), (1, 5.0), (20, 5.0), (60, 5.4), (100, 5.8), (101, 6.0), (220, 7.0), (250, 7.3)],
)
def test_audio_came_at_the_pace_it_is_spoken_from_the_last_mark_on(
    position: int, expected: float | None
) -> None:
    assert times().when(position, RATE, now=9.0) == pytest.approx(expected)


@pytest.mark.contract("S20")
def test_audio_came_no_later_than_what_follows_it_and_never_in_the_future() -> None:
    marks = PushTimes()
    marks.mark(0, 20, 5.0)
    marks.mark(100, 120, 5.1)
    assert marks.when(100, RATE, now=9.0) == 5.1
    assert marks.when(200, RATE, now=5.2) == 5.2


def test_forgetting_keeps_what_later_audio_needs() -> None:
    marks = times()
    marks.forget(150)
    assert marks.when(50, RATE, now=9.0) is None
    assert marks.when(110, RATE, now=9.0) == 6.0
    marks.forget(9999)
    assert marks.when(220, RATE, now=9.0) == 7.0
    assert PushTimes().when(10, RATE, now=9.0) is None
