"""The life of a stream, as a table: what may be done in which state, and where that leads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..exceptions import InputEndedError, StreamClosedError

__all__ = ("TRANSITIONS", "Action", "Lifecycle", "State")


class State(str, Enum):
    """Where a stream is in its life."""

    CREATED = "created"
    OPEN = "open"
    DRAINING = "draining"  # the input has ended, the engine is still at work
    FINISHED = "finished"  # the input has ended and everything was recognised
    FAILED = "failed"
    CLOSED = "closed"


class Action(str, Enum):
    """What can happen to a stream."""

    START = "start"
    PUSH = "push"
    FLUSH = "flush"
    END_INPUT = "end input"
    FINISH = "finish"
    FAIL = "fail"
    CLOSE = "close"


TRANSITIONS: dict[State, dict[Action, State]] = {
    State.CREATED: {
        Action.START: State.OPEN,
        Action.CLOSE: State.CLOSED,
    },
    State.OPEN: {
        Action.PUSH: State.OPEN,
        Action.FLUSH: State.OPEN,
        Action.END_INPUT: State.DRAINING,
        Action.FAIL: State.FAILED,
        Action.CLOSE: State.CLOSED,
    },
    State.DRAINING: {
        Action.FINISH: State.FINISHED,
        Action.FAIL: State.FAILED,
        Action.CLOSE: State.CLOSED,
    },
    # The engine is gone, but whoever feeds the stream cannot know: marking and ending the input
    # stay allowed, so that a feeder's last lines do not fail for the engine's reasons.
    State.FAILED: {
        Action.FLUSH: State.FAILED,
        Action.END_INPUT: State.FAILED,
        Action.CLOSE: State.CLOSED,
    },
    State.FINISHED: {
        Action.CLOSE: State.CLOSED,
    },
    State.CLOSED: {
        Action.CLOSE: State.CLOSED,
    },
}

_INPUT_ACTIONS = frozenset({Action.PUSH, Action.FLUSH, Action.END_INPUT})

_WHY_CLOSED = {
    State.CREATED: (
        "has not been started; write `async with stt.stream() as stream:`, "
        "or `stream = stt.stream().start(task_group)`"
    ),
    State.OPEN: "is running already; make another one with `stt.stream()`",
    State.DRAINING: "is running already; make another one with `stt.stream()`",
    State.FINISHED: "has ended; make another one with `stt.stream()`",
    State.FAILED: "takes no more audio: its engine failed; iterating the stream raises why",
    State.CLOSED: (
        "is closed; use it inside its block, `async with stt.stream() as stream:`, "
        "and before `aclose()`"
    ),
}


@dataclass(slots=True, eq=False)
class Lifecycle:
    """
    The state of one stream; every change goes through `advance`.

    Args:
        name: what error messages call the stream.
    """

    name: str
    state: State = State.CREATED

    def advance(self, action: Action) -> None:
        """
        Take *action*, or raise and change nothing.

        Raises:
            InputEndedError: for audio, a marker or an end after the input has ended.
            StreamClosedError: for anything else that the state does not allow.
        """
        try:
            self.state = TRANSITIONS[self.state][action]
        except KeyError:
            raise self.refusal(action) from None

    def refusal(self, action: Action) -> Exception:
        """Return the error for *action* in the present state."""
        if action in _INPUT_ACTIONS and self.state in (State.DRAINING, State.FINISHED):
            return InputEndedError(
                f"{self.name}: cannot {action.value} after end_input(); "
                f"audio belongs before it, or in another stream"
            )
        return StreamClosedError(f"{self.name} {_WHY_CLOSED[self.state]}")

    @property
    def running(self) -> bool:
        """Whether an engine is at work."""
        return self.state is State.OPEN or self.state is State.DRAINING
