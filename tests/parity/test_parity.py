"""One set of scenarios, run against LiveKit and against us; only listed differences are allowed."""

from __future__ import annotations

import json

import pytest

from .comparison import found, listed, row
from .differences import DIFFERENCES, REASONS
from .requirements import REQUIREMENTS
from .scenarios import PROOFS, SCENARIOS
from .subjects import LIVEKIT, Seen, livekit_seen, ours_seen, run_scenarios


@pytest.mark.parametrize("version", LIVEKIT)
def test_no_difference_is_unlisted(version: str) -> None:
    seen, known = list(found(ours_seen("asyncio"), livekit_seen(version))), listed(version)
    assert [row(each, version) for each in seen if each not in known] == []


@pytest.mark.parametrize("version", LIVEKIT)
def test_every_listed_difference_occurs(version: str) -> None:
    seen = list(found(ours_seen("asyncio"), livekit_seen(version)))
    assert [row(each, version) for each in listed(version) if each not in seen] == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_scenario_is_the_same_on_both_event_loops(name: str) -> None:
    assert ours_seen("trio")[name] == ours_seen("asyncio")[name]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_scenario_neither_breaks_nor_hangs_here(name: str) -> None:
    record = ours_seen("asyncio")[name]
    assert record
    assert not {"broke", "hung"} & set(record), record


def test_every_process_ran_every_scenario() -> None:
    assert len(SCENARIOS) >= 30
    for version in LIVEKIT:
        assert set(livekit_seen(version)) == set(SCENARIOS)


@pytest.mark.heavy
def test_the_recording_is_what_the_installed_livekit_does() -> None:
    pytest.importorskip("livekit.agents", reason="LiveKit is not installed")
    seen = run_scenarios("asyncio", "livekit")["seen"]
    recorded = livekit_seen("newest")
    changed = {name for name in {*seen, *recorded} if seen.get(name) != recorded.get(name)}
    assert changed == set(), "python -m tests.parity record, and look at what it prints"


def test_every_requirement_has_a_scenario() -> None:
    proven = {requirement for proof in PROOFS.values() for requirement in proof}
    assert sorted(set(REQUIREMENTS) - proven) == []


def test_no_scenario_names_an_unknown_requirement_or_none() -> None:
    odd = {name for name, proof in PROOFS.items() if not proof or set(proof) - set(REQUIREMENTS)}
    assert odd == set()


def test_every_row_names_a_scenario_and_a_reason_and_every_reason_has_a_row() -> None:
    assert {each.scenario for each in DIFFERENCES} <= set(SCENARIOS)
    assert {each.reason for each in DIFFERENCES} == set(REASONS)


def test_no_row_is_there_twice() -> None:
    keys = [(d.scenario, d.field, v) for d in DIFFERENCES for v in d.versions]
    assert len(keys) == len(set(keys))


def test_a_difference_is_found_when_there_is_one() -> None:
    ours: Seen = {"it": {"same": 1, "other": [1], "ours": None}}
    there: Seen = json.loads('{"it": {"same": 1, "other": [2]}}')
    assert list(found(ours, there)) == [
        ("it", "other", [1], [2]),
        ("it", "ours", None, "(nothing)"),
    ]
