from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import APIConnectionError, APIError, APIStatusError
from anyio_stt._rules.backoff import RetryBudget, retry_delay

LOST = APIConnectionError("lost")


class NoJitter(random.Random):
    def random(self) -> float:
        return 0.0


def budget(max_retry: int = 3, retry_interval: float = 5.0) -> RetryBudget:
    return RetryBudget(max_retry, retry_interval, NoJitter())


@pytest.mark.contract("S15")
@pytest.mark.parametrize(
    ("failures", "longest", "jitter", "expected"),
    [
        (1, 5.0, 0.0, 0.1),
        (2, 5.0, 0.0, 0.4),
        (3, 5.0, 0.0, 1.6),
        (4, 5.0, 0.0, 5.0),
        (1000, 5.0, 0.0, 5.0),
        (1, 5.0, 1.0, 0.05),
        (4, 5.0, 0.5, 3.75),
        (1, 0.0, 0.0, 0.0),
        (3, 0.2, 0.0, 0.2),
    ],
)
def test_the_delay(failures: int, longest: float, jitter: float, expected: float) -> None:
    assert retry_delay(failures, longest, jitter) == pytest.approx(expected)


@given(st.integers(1, 10_000), st.floats(0, 1e6), st.floats(0, 1, exclude_max=True))
def test_the_delay_is_never_longer_than_the_interval_nor_negative(
    failures: int, longest: float, jitter: float
) -> None:
    assert 0 <= retry_delay(failures, longest, jitter) <= longest


@given(st.integers(1, 50), st.floats(0.01, 100))
def test_the_delay_never_shrinks(failures: int, longest: float) -> None:
    assert retry_delay(failures, longest, 0) <= retry_delay(failures + 1, longest, 0)


@pytest.mark.contract("S15")
@pytest.mark.parametrize("max_retry", [1, 2, 7])
def test_the_budget_allows_so_many_retries_and_counts_the_attempts(max_retry: int) -> None:
    spent = budget(max_retry)
    for _ in range(max_retry):
        assert isinstance(spent.failed(LOST), float)
    decision = spent.failed(LOST)
    assert isinstance(decision, APIConnectionError)
    assert decision.message == f"failed to recognize speech after {max_retry + 1} attempts"
    assert decision.__cause__ is LOST


@pytest.mark.contract("S15")
@pytest.mark.parametrize(
    "error",
    [
        LookupError("a bug"),
        TimeoutError(),
        APIError("no", retryable=False),
        APIStatusError("no", status_code=403),
    ],
)
def test_what_cannot_pass_is_given_up_on_at_once(error: Exception) -> None:
    assert budget().failed(error) is error


@pytest.mark.contract("S15")
def test_without_retries_the_original_is_raised() -> None:
    assert budget(max_retry=0).failed(LOST) is LOST


@pytest.mark.contract("S15")
def test_progress_starts_the_count_and_the_delays_anew() -> None:
    spent = budget(max_retry=2)
    for _ in range(10):
        assert spent.failed(LOST) == 0.1
        assert spent.failed(LOST) == 0.4
        spent.progress()


@pytest.mark.contract("S15")
@pytest.mark.parametrize(
    ("asked", "expected"), [(0.0, 0.0), (7.5, 7.5), (120.0, 120.0), (-1.0, 0.0), (math.nan, 0.0)]
)
def test_what_the_provider_asks_for_is_obeyed(asked: float, expected: float) -> None:
    assert budget().failed(APIError("busy", retry_after=asked)) == expected


def test_the_jitter_comes_from_the_source_that_was_given() -> None:
    first, second = (RetryBudget(9, 5.0, random.Random(1)) for _ in range(2))
    delays = [first.failed(LOST) for _ in range(5)]
    assert delays == [second.failed(LOST) for _ in range(5)]
