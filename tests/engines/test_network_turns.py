"""Turns that engines tell themselves, over networks that do everything wrong."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectOptions,
    AudioFrame,
    EagerEndOfTurn,
    EndOfTurn,
    FallbackAdapter,
    StartOfTurn,
    TurnMoment,
    TurnResumed,
)
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.engines.openai import OpenAIRealtimeSTT
from anyio_stt.testing import cut_randomly
from anyio_stt.testing.servers import (
    Action,
    DeepgramServer,
    Fault,
    FaultServer,
    Moment,
    OpenAIServer,
    say_words,
)

pytestmark = pytest.mark.real_time

SEEDS = 100 if os.environ.get("ANYIO_STT_SOAK") else 2
LETTERS = {StartOfTurn: "S", EagerEndOfTurn: "E", TurnResumed: "R", EndOfTurn: "T"}
ACTIONS = [Action.RESET, Action.GARBAGE, Action.CLOSE, Action.DUPLICATE, Action.CUT]
FORGOTTEN = ["StartOfTurn", "EndOfTurn", "TurnResumed"]
WORDS = 15


@dataclass(frozen=True)
class Teller:
    """An engine that tells turns, and the server it speaks with."""

    serve: Callable[[random.Random, list[Fault | None]], FaultServer]
    make: Callable[..., STT]
    rate: int


def flux_server(rng: random.Random, faults: list[Fault | None]) -> FaultServer:
    forgets = rng.sample(FORGOTTEN, rng.choice([0, 0, 1]))
    return DeepgramServer(faults, forgets=forgets, restarts=rng.random() < 0.3 and not forgets)


def flux(**options: Any) -> STT:
    return DeepgramSTT(model="flux-general-en", eager_eot_threshold=0.5, **options)


def by_sense(**options: Any) -> STT:
    return OpenAIRealtimeSTT(turn_detection="semantic_vad", **options)


TELLERS = {
    "flux": Teller(flux_server, flux, 16000),
    "semantic-vad": Teller(lambda _, faults: OpenAIServer(faults), by_sense, 24000),
}


def faults(rng: random.Random) -> list[Fault | None]:
    return [
        Fault(
            rng.choice(ACTIONS),
            rng.choice([Moment.HEARING, Moment.FINAL, Moment.OPENED]),
            after=rng.random() * 4,
            code=rng.choice([1000, 1011, 1012]),
            piece=7,
        )
        for _ in range(rng.randint(1, 6))
    ]


async def turns_of(stt: STT, audio: AudioFrame, rng: random.Random) -> list[TurnMoment]:
    """Return what is told of *audio*; silence ends no turn here."""
    options = APIConnectOptions(max_retry=10, retry_interval=0.01)
    told: list[TurnMoment] = []
    async with stt.stream(conn_options=options) as stream, anyio.create_task_group() as tasks:
        tasks.start_soon(stream.feed, cut_randomly(audio, rng))
        told += [each async for each in stream.turns(max_silence=60.0)]
    return told


async def check(name: str, members: int, seed: int) -> int:
    """Run one conversation, and return how many faults struck."""
    teller, rng = TELLERS[name], random.Random(f"{name} {members} {seed}")
    gap, pause = rng.choice([0.1, 0.25]), rng.choice([0.4, 0.6, 2.5])
    audio = say_words(
        range(1, WORDS + 1), gap=gap, pause=pause, per_utterance=rng.randint(1, 4),
        sample_rate=teller.rate,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(teller.serve(rng, faults(rng))) for _ in range(members)
        ]
        engines = [
            await stack.enter_async_context(
                teller.make(base_url=server.base_url, api_key=server.api_key)
            )
            for server in servers
        ]
        stt = engines[0]
        if members > 1:
            stt = await stack.enter_async_context(FallbackAdapter(engines))
        assert stt.capabilities.turns
        told = await turns_of(stt, audio, rng)
        struck = sum(server.struck for server in servers)
    letters = "".join(LETTERS[type(each)] for each in told)
    about = (name, members, seed, letters)
    assert re.fullmatch("(S(ER)*E?T)*", letters), about
    words = " ".join(each.text for each in told if isinstance(each, EndOfTurn)).split()
    assert words == [f"w{number}" for number in range(1, WORDS + 1)], (*about, words)
    for before, after in pairwise(told):
        if isinstance(before, EagerEndOfTurn) and isinstance(after, EndOfTurn):
            assert before.text == after.text, about
    return struck


@pytest.mark.contract("S16")
@pytest.mark.parametrize("members", [1, 2], ids=["retries", "failover"])
@pytest.mark.parametrize("name", TELLERS)
async def test_turns_over_random_faults_keep_their_grammar_and_every_word(
    name: str, members: int
) -> None:
    struck = 0

    async def one(seed: int) -> None:
        nonlocal struck
        strikes = await check(name, members, seed)
        struck += strikes

    with anyio.fail_after(60 if SEEDS < 10 else 600):
        async with anyio.create_task_group() as tasks:
            for seed in range(SEEDS):
                tasks.start_soon(one, seed)
    assert struck >= SEEDS
