from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import SpeechEventType
from anyio_stt._rules.grammar import SIGNALS, TABLE, Grammar, Segment, Signal, Step

# Every row of the table, written out a second time and differently: for each state what comes
# out for each signal ("+S" and "+E" are added, "k" is kept, "" nothing) and where that leads.
ROWS = """
quiet      START     k      started
quiet      INTERIM   +S k   guessed
quiet      FINAL     +S k   said
quiet      MARKER    -      flushed
flushed    START     k      started
flushed    INTERIM   +S k   closing
flushed    FINAL     +S k +E flushed
flushed    AUDIO     -      quiet
flushed    RETRY     -      quiet
started    INTERIM   k      started
started    FINAL     k      spoken
started    END       k      owing
started    RETRY     -      resumed
started    STOP      +E     quiet
spoken     START     +E k   started
spoken     INTERIM   k      spoken
spoken     FINAL     k      spoken
spoken     END       k      ended
spoken     RETRY     -      resumed
spoken     STOP      +E     quiet
guessed    START     -      started
guessed    INTERIM   k      guessed
guessed    FINAL     k      said
guessed    END       k      owing
guessed    MARKER    -      closing
guessed    RETRY     -      resumed
guessed    STOP      +E     quiet
said       START     +E k   started
said       INTERIM   k      guessed
said       FINAL     k      said
said       END       k      ended
said       MARKER    -      settled
said       RETRY     -      resumed
said       STOP      +E     quiet
closing    START     -      started
closing    INTERIM   k      closing
closing    FINAL     k +E   flushed
closing    END       k      owing
closing    ANSWERED +E    flushed
closing    RETRY     -      resumed
closing    STOP      +E     quiet
settled    START     +E k   started
settled    INTERIM   k      closing
settled    FINAL     k +E   flushed
settled    END       k      ended
settled    AUDIO     +E     quiet
settled    ANSWERED +E    flushed
settled    RETRY     -      resumed
settled    STOP      +E     quiet
owing      START     k      started
owing      INTERIM   +S k   guessed
owing      FINAL     k      ended
owing      RETRY     -      repeating
ended      START     k      started
ended      INTERIM   +S k   guessed
ended      FINAL     k      ended
ended      RETRY     -      quiet
resumed    START     -      started
resumed    INTERIM   k      guessed
resumed    FINAL     k      said
resumed    END       k      owing
resumed    MARKER    -      closing
resumed    STOP      +E     quiet
repeating  START     -      repeated
repeating  FINAL     k      ended
repeated   END       -      owing
repeated   FINAL     k      ended
repeated   RETRY     -      repeating
"""
SPELT = {"+S": Step.ADD_START, "+E": Step.ADD_END, "k": Step.KEEP}


def _rows() -> dict[tuple[Segment, Signal], tuple[tuple[Step, ...], Segment]]:
    rows = {}
    for line in ROWS.strip().splitlines():
        state, signal, *steps, after = line.split()
        out = tuple(SPELT[step] for step in steps if step != "-")
        rows[Segment(state), Signal[signal]] = (out, Segment(after))
    return rows


EXPECTED = _rows()


@pytest.mark.contract("S11")
@pytest.mark.parametrize("talk", Segment)
@pytest.mark.parametrize("signal", Signal)
def test_every_signal_in_every_state(talk: Segment, signal: Signal) -> None:
    grammar = Grammar()
    grammar.segment = talk
    steps, after = EXPECTED.get((talk, signal), ((), talk))
    assert grammar.accept(signal) == steps
    assert grammar.segment is after


def test_every_row_that_is_expected_is_in_the_table_and_no_other() -> None:
    assert {(talk, signal) for talk, row in TABLE.items() for signal in row} == set(EXPECTED)


def test_every_kind_of_event_but_usage_is_a_signal() -> None:
    assert set(SIGNALS) == set(SpeechEventType) - {SpeechEventType.RECOGNITION_USAGE}


def _spell(signals: list[Signal]) -> str:
    grammar = Grammar()
    letters = {Signal.START: "S", Signal.INTERIM: "i", Signal.FINAL: "F", Signal.END: "E"}
    spelling = ""
    for signal in signals:
        for step in grammar.accept(signal):
            kept = letters.get(signal, "")
            spelling += {Step.ADD_START: "S", Step.ADD_END: "E", Step.KEEP: kept}[step]
    return spelling


@pytest.mark.contract("S11")
@given(st.lists(st.sampled_from([each for each in Signal if each is not Signal.STOP])))
def test_whatever_an_engine_says_the_grammar_holds(signals: list[Signal]) -> None:
    spelling = _spell([*signals, Signal.STOP])
    state = "out"
    for letter in spelling:
        if letter == "S":
            assert state != "in", spelling
            state = "in"
        elif letter == "E":
            assert state == "in", spelling
            state = "after"
        elif letter == "F":
            assert state in ("in", "after"), spelling  # one may follow its segment's END
        else:
            assert state == "in", spelling
    assert state != "in", spelling


@pytest.mark.contract("S11")
@given(st.lists(st.sampled_from(list(Signal))))
def test_no_final_is_ever_left_out(signals: list[Signal]) -> None:
    stop = signals.index(Signal.STOP) if Signal.STOP in signals else len(signals)
    said = signals[:stop]
    assert _spell(said).count("F") == said.count(Signal.FINAL)


@pytest.mark.contract("S11")
def test_an_engine_that_obeys_the_grammar_is_not_interfered_with() -> None:
    told = [Signal.START, Signal.INTERIM, Signal.FINAL, Signal.FINAL, Signal.END] * 3
    assert _spell([*told, Signal.STOP]) == "SiFFE" * 3
