"""Each of LiveKit's tests has an equal here that exists, or a reason."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .livekit_tests import EQUALS
from .scenarios import SCENARIOS

TESTS = Path(__file__).parents[1]


def has_test(target: str) -> bool:
    file, _, name = target.partition("::")
    if file == "both":
        return name in SCENARIOS
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(node, functions) and node.name == name for node in tree.body)


@pytest.mark.parametrize("theirs", EQUALS)
def test_it_has_an_equal_that_exists_or_a_reason(theirs: str) -> None:
    ours = EQUALS[theirs]
    if isinstance(ours, str):
        assert ours.startswith("- ")
    else:
        assert ours
        assert [target for target in ours if not has_test(target)] == []


def test_most_have_an_equal() -> None:
    assert sum(not isinstance(ours, str) for ours in EQUALS.values()) >= 30


def test_those_of_fallback_prewarm_and_speakers_run_against_both() -> None:
    alone = {
        theirs
        for theirs, ours in EQUALS.items()
        if theirs.startswith(("test_stt_fallback", "test_stt_prewarm", "test_multi_speaker"))
        and not isinstance(ours, str)
        and not any(target.startswith("both::") for target in ours)
    }
    assert alone == {"test_stt_fallback::test_stt_stream_fallback_propagates_start_time_offset"}
