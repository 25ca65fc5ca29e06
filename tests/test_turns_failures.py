"""Turns of engines that fail at random: the grammar holds, and no final is lost or told twice."""

from __future__ import annotations

import random
import re

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    EagerEndOfTurn,
    EndOfTurn,
    FallbackAdapter,
    SpeechEvent,
    SpeechEventType,
    StartOfTurn,
    STTCapabilities,
    TurnMoment,
    TurnResumed,
)
from anyio_stt.testing import (
    Fail,
    Hear,
    HearAll,
    Say,
    ScriptedSTT,
    final,
    interim,
    preflight,
    silence,
)
from anyio_stt.testing.steps import Step

LETTERS = {StartOfTurn: "S", EagerEndOfTurn: "E", TurnResumed: "R", EndOfTurn: "T"}


def attempt(chance: random.Random, name: str, fails: bool) -> list[Step]:
    """Say up to four utterances, sometimes with END before the words, and fail somewhere."""
    steps: list[Step] = []
    now = 0.0
    for number in range(chance.randint(0, 4)):
        begin, until = now + chance.uniform(0.1, 2.5), chance.uniform(0.2, 1.5)
        until += begin
        now = until + chance.uniform(0.0, 0.5)
        said: list[Step] = [
            Say(
                (preflight if chance.random() < 0.3 else interim)("perhaps", start=begin, end=until)
            ),
            Say(final(f"{name}{number}", start=begin, end=until)),
            Say(SpeechEvent(SpeechEventType.END_OF_SPEECH, time=until)),
        ]
        if chance.random() < 0.3:
            said.reverse()
        start = Say(SpeechEvent(SpeechEventType.START_OF_SPEECH, time=begin))
        steps += [Hear(until - begin + 0.5), start, *said]
    if not fails:
        return [*steps, HearAll()]
    return [*steps[: chance.randint(0, len(steps))], Fail(APIConnectionError("gone"))]


def engine(seed: int, failover: bool, told: bool) -> STT:
    chance = random.Random(seed)
    capabilities = STTCapabilities(streaming=True, interim_results=True, turns=told)
    members = [
        ScriptedSTT(
            *(
                attempt(chance, f"{member}{index}", fails=member == "a" and (failover or index < 2))
                for index in range(3)
            ),
            label=member,
            capabilities=capabilities,
        )
        for member in ("a", "b")
    ]
    return FallbackAdapter(list(members)) if failover else members[0]


async def heard(seed: int, failover: bool, told: bool) -> tuple[list[str], list[TurnMoment]]:
    """Return the finals of one run, and the moments of another that is like it."""
    finals: list[str] = []
    moments: list[TurnMoment] = []
    for turns in (False, True):
        async with (
            engine(seed, failover, told) as stt,
            stt.stream() as stream,
            anyio.create_task_group() as tg,
        ):
            tg.start_soon(stream.feed, [silence(0.1) for _ in range(150)])
            if turns:
                moments += [each async for each in stream.turns(max_silence=1.0)]
                continue
            finals += [
                event.alternatives[0].text
                async for event in stream
                if event.type is SpeechEventType.FINAL_TRANSCRIPT
            ]
    return finals, moments


@pytest.mark.contract("S16", "S17")
@pytest.mark.parametrize("told", [False, True], ids=["by-silence", "told"])
@pytest.mark.parametrize("failover", [False, True], ids=["retries", "failover"])
async def test_failures_in_the_middle_of_turns_keep_the_grammar_and_every_final(
    failover: bool, told: bool
) -> None:
    several = 0
    for seed in range(25):
        finals, moments = await heard(seed, failover, told)
        letters = "".join(LETTERS[type(each)] for each in moments)
        assert re.fullmatch("(S(ER)*E?T)*", letters), (seed, letters)
        ends = [each.text for each in moments if isinstance(each, EndOfTurn)]
        assert " ".join(ends).split() == finals, seed
        several += len(finals) > 1
    assert several > 5
