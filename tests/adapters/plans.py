"""What random members of a fallback do, and what a model says must come of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from anyio_stt import APIConnectionError, APIStatusError
from anyio_stt.testing import Fail, Hang, Hear, HearAll, Say, ScriptedSTT, final

SECONDS = 3.0
TIMEOUT = 2.0
RETRY_INTERVAL = 50.0


@dataclass(frozen=True)
class Act:
    """
    What a member does in one attempt.

    Args:
        kind: how it goes.
        seconds: of audio it hears before that.
    """

    kind: str
    seconds: float = 0.0


acts = st.one_of(
    st.sampled_from([Act("works"), Act("hangs"), Act("fails"), Act("leaves")]),
    st.sampled_from([Act("fails at the end"), Act("asks for an hour"), Act("has a bug")]),
    st.builds(Act, st.just("hears and fails"), st.sampled_from([0.5, 1.0, 2.0])),
    st.builds(Act, st.just("says and fails"), st.sampled_from([0.5, 1.0, 2.0])),
)
members = st.lists(st.lists(acts, min_size=1, max_size=3), min_size=1, max_size=4)


def steps(act: Act) -> list[Any]:
    """Return what a scripted engine does for it."""
    lost = Fail(APIConnectionError("lost", retryable=False))
    busy = APIStatusError("busy", status_code=503, retry_after=3600.0)
    works: list[Any] = [
        HearAll(),
        Say(lambda heard: final(f"{heard.seconds:.1f}", end=heard.seconds)),
    ]
    script: dict[str, list[Any]] = {
        "works": works,
        "hangs": [Hang()],
        "fails": [lost],
        "leaves": [Hear(0.2)],
        "fails at the end": [HearAll(), lost],
        "asks for an hour": [Fail(busy)],
        "has a bug": [Fail(ZeroDivisionError("a bug"))],
        "hears and fails": [Hear(act.seconds), lost],
        "says and fails": [
            Hear(act.seconds),
            Say(lambda heard: final("word", end=min(act.seconds, heard.seconds))),
            lost,
        ],
    }
    return script[act.kind]


class PlannedSTT(ScriptedSTT):
    """Each of its streams does what is next in its plan, the last for ever."""

    def __init__(self, label: str, plan: list[Act], log: list[str]) -> None:
        super().__init__(label=label)
        self._acts = iter(plan)
        self._act = Act("fails")
        self._log = log

    def stream(self, **options: Any) -> Any:
        self._log.append(self.label)
        self._act = next(self._acts, self._act)
        self._scripts = [tuple(steps(self._act))]
        return super().stream(**options)


@dataclass
class Expected:
    """What the model says."""

    asked: list[str]
    succeeds: bool
    longest: float  # seconds


def expected(plans: dict[str, list[Act]]) -> Expected:
    """Follow the promise: ask those that are up, then the others, until all failed in a row."""
    acts = {label: _for_ever(plan) for label, plan in plans.items()}
    down: dict[str, int] = {}  # how often it succeeded since it went down
    failed: set[str] = set()
    result = Expected([], False, 0.0)
    left = SECONDS
    while candidates := [label for label in plans if label not in failed]:
        label = min(candidates, key=lambda each: each in down)
        act = next(acts[label])
        result.asked.append(label)
        result.longest += TIMEOUT if act.kind == "hangs" else 0.0
        if act.kind == "works":
            result.succeeds = True
            return result
        if act.kind == "says and fails":
            failed.clear()
            left -= act.seconds
            if label in down:
                down[label] += 1
                if down[label] == 2:
                    del down[label]
        if left <= 1e-6:
            result.succeeds = True  # all was said before it failed
            return result
        failed.add(label)
        down[label] = 0
    return result


def _for_ever(plan: list[Act]) -> Iterator[Act]:
    yield from plan
    while not math.isnan(SECONDS):
        yield plan[-1]
