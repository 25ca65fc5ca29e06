from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt._measuring.usage import UsageLedger


@pytest.mark.contract("S20")
def test_reports_of_one_attempt_are_all_new() -> None:
    ledger = UsageLedger()
    assert not ledger.reported
    assert [ledger.report(each) for each in (0.1, 0.2, 0.3)] == [(0.1, 0), (0.2, 0), (0.3, 0)]
    assert ledger.reported


@pytest.mark.contract("S20")
def test_what_an_attempt_hears_again_is_counted_apart() -> None:
    ledger = UsageLedger()
    ledger.report(1.0)
    ledger.begin_attempt(0.4, 0.0)
    assert ledger.report(0.5) == pytest.approx((0.0, 0.5))
    assert ledger.report(0.5) == pytest.approx((0.4, 0.1))
    assert ledger.report(1.0) == pytest.approx((1.0, 0.0))


@pytest.mark.contract("S20")
def test_audio_that_a_failed_attempt_recognised_and_never_reported_is_made_up_for() -> None:
    ledger = UsageLedger()
    ledger.begin_attempt(0.4, 0.0)  # the first attempt's final covered 0.4 s, unreported
    assert ledger.report(1.0) == pytest.approx((1.4, 0.0))


@pytest.mark.contract("S20")
def test_lost_audio_is_never_counted() -> None:
    ledger = UsageLedger()
    ledger.report(0.5)
    ledger.begin_attempt(0.8, 0.3)
    assert ledger.report(0.2) == pytest.approx((0.2, 0.0))


@pytest.mark.contract("S20")
@given(st.lists(st.tuples(st.floats(0, 1), st.lists(st.floats(0, 1), max_size=5)), max_size=6))
def test_no_second_is_counted_twice(attempts: list[tuple[float, list[float]]]) -> None:
    ledger = UsageLedger()
    furthest = total = 0.0
    origin = 0.0
    for back, reports in attempts:
        origin = max(0.0, origin - back)
        ledger.begin_attempt(origin, 0.0)
        for seconds in reports:
            new, again = ledger.report(seconds)
            assert new >= 0
            assert again >= 0
            assert new + again == pytest.approx(seconds)
            origin += seconds
            furthest = max(furthest, origin)
            total += new
    assert total == pytest.approx(furthest)
