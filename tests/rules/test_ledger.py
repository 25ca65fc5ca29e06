from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt._rules.ledger import AudioLedger


def sums(ledger: AudioLedger) -> tuple[int, int, int, int]:
    return ledger.covered, ledger.recognised, ledger.silent, ledger.dropped


def test_finals_and_silence_are_added_up_apart() -> None:
    ledger = AudioLedger()
    assert ledger.final(10, None)
    assert ledger.silence(15, None)
    assert ledger.final(30, None)
    assert not ledger.final(30, None)
    assert not ledger.silence(20, None)
    assert sums(ledger) == (30, 25, 5, 0)


def test_what_is_lost_is_named_once() -> None:
    ledger = AudioLedger()
    ledger.final(10, None)
    assert ledger.lose(25) == [(10, 25)]
    assert ledger.lose(25) == []
    assert sums(ledger) == (25, 10, 0, 15)


def test_a_refusal_behind_what_is_open_is_dropped_at_once_and_passed_later() -> None:
    ledger = AudioLedger()
    assert ledger.refuse(20, 30) == [(20, 30)]
    assert ledger.refuse(25, 35) == [(30, 35)]
    assert sums(ledger) == (0, 0, 0, 15)
    assert ledger.open_between(0, 50) == 35
    ledger.final(20, None)
    assert sums(ledger) == (35, 20, 0, 15)
    assert ledger.refused == []


def test_a_final_over_a_refused_range_recognises_what_lies_around_it() -> None:
    ledger = AudioLedger()
    ledger.refuse(20, 30)
    ledger.final(40, None)
    assert sums(ledger) == (40, 30, 0, 10)


def test_channels_are_settled_when_all_have_passed_and_recognised_if_one_spoke() -> None:
    ledger = AudioLedger()
    ledger.channels = 2
    assert ledger.final(40, 0)
    assert sums(ledger) == (0, 0, 0, 0)
    assert ledger.silence(60, 1)
    assert sums(ledger) == (40, 40, 0, 0)
    assert ledger.silence(50, 0)
    assert sums(ledger) == (50, 40, 10, 0)


def test_a_loss_moves_every_channel_on() -> None:
    ledger = AudioLedger()
    ledger.channels = 2
    ledger.final(10, 0)
    ledger.lose(20)
    assert ledger.end_of(0) == ledger.end_of(1) == 20


def test_what_one_channel_gives_up_is_settled_when_the_others_have_passed_it() -> None:
    ledger = AudioLedger()
    ledger.channels = 2
    assert ledger.refuse(0, 20, 0) == [(0, 20)]
    assert ledger.refuse(10, 30, 1) == [(20, 30)]  # told of already, up to 20
    assert sums(ledger) == (0, 0, 0, 30)
    assert ledger.open_between(0, 50) == 20
    ledger.final(15, 1)
    assert sums(ledger) == (15, 0, 0, 30)
    ledger.final(40, 1)
    assert sums(ledger) == (20, 0, 0, 30)
    ledger.silence(50, 0)
    assert sums(ledger) == (40, 10, 0, 30)
    assert ledger.refused == ledger.held == []


MOVES: dict[str, Any] = {
    "final": lambda ledger, start, end, channel: ledger.final(end, channel),
    "silence": lambda ledger, start, end, channel: ledger.silence(end, channel),
    "refuse": lambda ledger, start, end, channel: ledger.refuse(start, end),
    "refuse on one": lambda ledger, start, end, channel: ledger.refuse(start, end, channel),
    "lose": lambda ledger, start, end, channel: ledger.lose(end),
    "rest": lambda ledger, start, end, channel: ledger.rest_is_silent(end),
}


@pytest.mark.contract("S21")
@given(
    channels=st.integers(1, 3),
    moves=st.lists(
        st.tuples(
            st.sampled_from(sorted(MOVES)), st.integers(0, 100), st.integers(0, 100), st.integers()
        )
    ),
)
def test_every_sample_is_settled_once_whatever_happens(
    channels: int, moves: list[tuple[str, int, int, int]]
) -> None:
    ledger = AudioLedger()
    ledger.channels = channels
    for name, start, end, channel in moves:
        before = sums(ledger)
        on = None if channels == 1 else channel % channels
        MOVES[name](ledger, min(start, end), max(start, end), on)
        assert all(now >= then for now, then in zip(sums(ledger), before, strict=True))
        beyond = sum(last - first for first, last in [*ledger.refused, *ledger.held])
        settled = ledger.recognised + ledger.silent + ledger.dropped
        assert settled == ledger.covered + beyond
        assert settled + ledger.open_between(0, 100) == max(100, ledger.covered)
        assert all(first > ledger.covered for first, _ in ledger.refused)
