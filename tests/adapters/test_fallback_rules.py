"""Whom a fallback asks next, as a table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.adapters.fallback_rules import (
    MOVES,
    FallbackRules,
    Happened,
    Standing,
    Verdict,
)

RACING = (Standing.RACING, Standing.RACING_AGAIN)


def rules(down: set[str] | None = None) -> FallbackRules[str]:
    return FallbackRules(["a", "b", "c"], lambda member: member not in (down or set()))


def ask(table: FallbackRules[str], how: Happened) -> str:
    member = table.choose()
    assert member is not None
    table.tell(member, Happened.ASKED)
    table.tell(member, how)
    return member


def test_every_standing_has_a_row_and_every_move_leads_to_one() -> None:
    assert set(MOVES) == set(Standing)
    for row in MOVES.values():
        assert set(row) <= set(Happened)
        assert set(row.values()) <= set(Standing)


def test_each_is_asked_once_in_the_callers_order_then_it_fails() -> None:
    table = rules()
    assert [ask(table, Happened.FAILED) for _ in range(3)] == ["a", "b", "c"]
    assert table.verdict() is Verdict.FAIL


def test_who_is_down_is_asked_last() -> None:
    table = rules(down={"a"})
    assert [ask(table, Happened.FAILED) for _ in range(3)] == ["b", "c", "a"]


def test_getting_further_gives_everybody_another_chance() -> None:
    table = rules()
    ask(table, Happened.FAILED)
    table.tell("b", Happened.ASKED)
    table.further()
    table.tell("b", Happened.FAILED)
    assert table.choose() == "a"


def test_who_is_left_or_overtaken_has_not_failed() -> None:
    for how in (Happened.LEFT, Happened.OVERTAKEN):
        table = rules()
        ask(table, how)
        ask(table, Happened.FAILED)
        ask(table, Happened.FAILED)
        assert table.verdict() is Verdict.ASK


def test_an_utterance_is_given_up_when_all_that_are_up_refuse_it_and_nobody_else_is_asked() -> None:
    table = rules(down={"b"})
    assert [ask(table, Happened.REFUSED) for _ in range(2)] == ["a", "c"]
    assert table.verdict() is Verdict.GIVE_UP_UTTERANCE
    table.further()
    assert table.choose() == "a"


def test_who_failed_on_a_refused_utterance_keeps_nobody_from_giving_it_up() -> None:
    table = rules()
    ask(table, Happened.REFUSED)
    assert table.once_more() == "a"
    ask(table, Happened.FAILED)
    ask(table, Happened.FAILED)
    assert table.verdict() is Verdict.GIVE_UP_UTTERANCE
    assert table.once_more() == "a"
    table.tell("a", Happened.ASKED)
    table.tell("a", Happened.FAILED)
    assert table.verdict() is Verdict.FAIL
    assert table.once_more() is None


def test_recovering_gives_one_more_chance_and_no_third() -> None:
    table = rules()
    for _ in range(3):
        ask(table, Happened.FAILED)
    for _ in range(5):
        table.tell("a", Happened.RECOVERED)
    assert ask(table, Happened.FAILED) == "a"
    table.tell("a", Happened.RECOVERED)
    assert table.verdict() is Verdict.FAIL


@given(
    st.lists(
        st.tuples(st.sampled_from(["failed", "overtaken", "refused", "recovered"]), st.booleans()),
        max_size=60,
    )
)
def test_without_getting_further_it_always_ends_and_only_when_each_has_failed(
    steps: list[tuple[str, bool]],
) -> None:
    down: set[str] = set()
    table = FallbackRules(["a", "b", "c"], lambda member: member not in down)
    failures = {"a": 0, "b": 0, "c": 0}
    for what, goes_down in steps:
        happened = Happened(what)
        if happened is Happened.RECOVERED:
            for member in failures:
                down.discard(member)
                table.tell(member, happened)
            continue
        chosen = table.choose()
        if chosen is None:
            refused = any(table.standing(each) is Standing.REFUSED for each in failures)
            assert refused or all(failures.values())
            break
        table.tell(chosen, Happened.ASKED)
        assert table.standing(chosen) in RACING
        table.tell(chosen, happened)
        if happened is Happened.FAILED:
            failures[chosen] += 1
            if goes_down:
                down.add(chosen)
    assert max(failures.values()) <= 2
