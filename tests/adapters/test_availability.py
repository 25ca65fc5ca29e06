"""When a member of a fallback is relied on."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.adapters.availability import Availability, Standing


def test_one_failure_takes_a_member_down_and_is_told_once() -> None:
    health = Availability(5)

    assert health.failed(100)
    assert not health.failed(101)
    assert not health.up


def test_two_successful_probes_in_a_row_bring_it_up() -> None:
    health = Availability(5)
    health.failed(100)

    assert not health.succeeded(105)
    assert not health.up
    assert health.succeeded(110)
    assert health.up


def test_a_probe_that_fails_in_between_starts_the_count_anew() -> None:
    health = Availability(5)
    health.failed(0)
    health.succeeded(5)
    health.failed(10)

    assert not health.succeeded(20)


@pytest.mark.parametrize(("failures", "wait"), [(1, 5), (2, 10), (3, 20), (5, 80), (50, 80)])
def test_the_wait_for_a_probe_doubles_up_to_sixteenfold(failures: int, wait: float) -> None:
    health = Availability(5)

    for _ in range(failures):
        health.failed(100)

    assert health.probe_at == 100 + wait
    assert not health.due(100 + wait - 0.1)
    assert health.due(100 + wait)


def test_while_a_probe_is_under_way_no_other_is_due() -> None:
    health = Availability(5)
    health.failed(0)
    health.begin_probe()

    assert health.standing is Standing.TRYING
    assert not health.due(1e9)


def test_a_probe_that_was_given_up_is_due_again() -> None:
    health = Availability(5)
    health.failed(0)
    health.begin_probe()
    health.postpone(10)

    assert health.probe_at == 15


@given(st.lists(st.sampled_from(["failed", "succeeded", "postpone"])))
def test_a_member_is_up_or_will_be_probed(steps: list[str]) -> None:
    health = Availability(1)
    for now, step in enumerate(steps):
        getattr(health, step)(float(now))

        assert health.up == (health.probe_at == math.inf)
