from __future__ import annotations

import pytest

from anyio_stt._rules.coverage import Coverage


@pytest.mark.contract("S17")
def test_a_final_that_ends_where_others_ended_repeats_them() -> None:
    coverage = Coverage()
    assert not coverage.repeats(100, None)
    assert coverage.extend(100, None) == 100
    assert coverage.repeats(100, None)
    assert coverage.repeats(50, None)
    assert not coverage.repeats(101, None)


@pytest.mark.contract("S17")
def test_the_very_beginning_repeats_nothing() -> None:
    assert not Coverage().repeats(0, None)


def test_coverage_never_shrinks() -> None:
    coverage = Coverage()
    coverage.extend(100, None)
    assert coverage.extend(40, None) == 100


@pytest.mark.contract("S16")
def test_channels_cover_audio_together() -> None:
    coverage = Coverage()
    coverage.channels = 2
    assert coverage.extend(100, 0) == 0
    assert coverage.extend(60, 1) == 60
    assert not coverage.repeats(100, 1)
    assert coverage.repeats(100, 0)
    assert coverage.extend(200, 1) == 100


@pytest.mark.contract("S16")
def test_what_is_gone_will_not_be_spoken_of() -> None:
    coverage = Coverage()
    coverage.channels = 2
    coverage.extend(100, 0)
    coverage.extend(20, 1)
    coverage.skip(80)
    assert coverage.repeats(80, 1)
    assert not coverage.repeats(81, 1)
    assert coverage.repeats(100, 0)
