from __future__ import annotations

import pytest

from anyio_stt import InputEndedError, StreamClosedError
from anyio_stt._rules.lifecycle import TRANSITIONS, Action, Lifecycle, State

# The table written out a second time: state, then what each action leads to ("-" is refused as
# a closed stream, "!" as an ended input).
#          start  push  flush     end_input finish    fail    close
ROWS = """
created    open   -     -         -         -         -       closed
open       -      open  open      draining  -         failed  closed
draining   -      !     !         !         finished  failed  closed
finished   -      !     !         !         -         -       closed
failed     -      -     failed    failed    -         -       closed
closed     -      -     -         -         -         -       closed
"""
CASES = [
    (State(line.split()[0]), action, outcome)
    for line in ROWS.strip().splitlines()
    for action, outcome in zip(Action, line.split()[1:], strict=True)
]


@pytest.mark.contract("S1", "S9")
@pytest.mark.parametrize(("state", "action", "outcome"), CASES)
def test_every_action_in_every_state(state: State, action: Action, outcome: str) -> None:
    lifecycle = Lifecycle("MyStream")
    lifecycle.state = state
    if outcome not in "-!":
        lifecycle.advance(action)
        assert lifecycle.state is State(outcome)
        return
    expected = InputEndedError if outcome == "!" else StreamClosedError
    with pytest.raises(expected, match=r"^MyStream"):
        lifecycle.advance(action)
    assert lifecycle.state is state


def test_every_state_has_a_row_and_can_be_closed() -> None:
    assert set(TRANSITIONS) == set(State)
    assert all(row[Action.CLOSE] is State.CLOSED for row in TRANSITIONS.values())


def test_an_engine_is_at_work_while_open_or_draining() -> None:
    lifecycle = Lifecycle("MyStream")
    running = set()
    for lifecycle.state in State:
        if lifecycle.running:
            running.add(lifecycle.state)
    assert running == {State.OPEN, State.DRAINING}


@pytest.mark.parametrize("state", [each for each in State if each is not State.CREATED])
def test_a_refused_start_says_what_to_write(state: State) -> None:
    lifecycle = Lifecycle("MyStream")
    lifecycle.state = state
    message = str(lifecycle.refusal(Action.START))
    assert "stt.stream()" in message or state is State.FAILED
