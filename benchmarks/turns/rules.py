"""Rules of when a turn is over, tried on what engines said: pure, so many are tried at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anyio_stt import EndOfTurn, TurnMoment
from anyio_stt._rules.turns import Question, TurnBuilder, TurnLimits

from .conversations import BETWEEN, Conversation
from .hearing import Tick

Judge = Callable[[Question], float]
_NEVER = 30.0
SILENCES = (0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 1.75)
THRESHOLDS = (0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True)
class Rule:
    family: str
    limits: TurnLimits
    asks: bool

    @property
    def name(self) -> str:
        silence, threshold = self.limits.max_silence, f"above {self.limits.threshold:g}"
        waits = f"{silence:g} s of silence"
        if not self.asks:
            return waits
        return f"SmartTurn {threshold}" + ("" if silence == _NEVER else f", or {waits}")


def rules() -> list[Rule]:
    fixed = [Rule("silence", TurnLimits(max_silence=each), False) for each in SILENCES]
    alone = [
        Rule("SmartTurn", TurnLimits(max_silence=_NEVER, threshold=each), True)
        for each in THRESHOLDS
    ]
    both = [
        Rule(f"both, {threshold:g}", TurnLimits(max_silence=silence, threshold=threshold), True)
        for threshold in (0.5, 0.9)
        for silence in SILENCES
    ]
    return [*fixed, *alone, *both]


@dataclass(frozen=True)
class Outcome:
    """Of one rule: turns cut off and run together, in per cent; delays in seconds."""

    cut: float
    together: float
    median: float
    p90: float
    turns: int
    asked: float  # questions a minute


def ends(ticks: list[Tick], rule: Rule, judge: Judge, takes: float) -> tuple[list[float], int]:
    """Return where in the audio turns ended by *rule*, live, and how often *judge* was asked."""
    builder, asked = TurnBuilder(rule.limits), 0
    found: list[float] = []
    waiting: tuple[float, Question] | None = None

    def note(moments: list[TurnMoment], now: float) -> None:
        found.extend(now for each in moments if isinstance(each, EndOfTurn))

    for tick in ticks:
        if tick.event is not None:
            note(builder.add(tick.event, tick.heard, tick.covered), tick.heard)
            continue
        note(builder.hear(tick.heard, tick.covered), tick.heard)
        if waiting is not None and tick.heard >= waiting[0]:
            note(builder.answer(waiting[1], judge(waiting[1])), tick.heard)
            waiting = None
        if rule.asks and waiting is None:
            question = builder.question(tick.heard)
            if question is not None:
                waiting, asked = (tick.heard + takes, question), asked + 1
    return found, asked


def outcome(
    talks: list[tuple[Conversation, list[Tick], Judge]], rule: Rule, takes: float
) -> Outcome:
    cut = together = turns = asked = 0
    seconds, delays = 0.0, []
    for talk, ticks, judge in talks:
        found, questions = ends(ticks, rule, judge, takes)
        asked, seconds = asked + questions, seconds + talk.turns[-1].end
        for turn in talk.turns:
            turns += 1
            cut += any(turn.start < each < turn.end for each in found)
            after = [each - turn.end for each in found if 0 <= each - turn.end <= BETWEEN]
            together += not after
            delays.append(min(after, default=math.inf))
    median, p90 = (float(np.quantile(delays, each, method="lower")) for each in (0.5, 0.9))
    return Outcome(
        100 * cut / turns, 100 * together / turns, median, p90, turns, 60 * asked / seconds
    )
