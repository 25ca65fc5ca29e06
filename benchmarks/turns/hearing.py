"""What an engine says of a conversation, live: kept once, judged by many rules."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from typing import Any

import anyio

from anyio_stt import AudioFrame, SpeechEvent

from ..accuracy import RATE
from .conversations import Conversation

_TICK = 0.05


@dataclass(frozen=True)
class Tick:
    """How far the engine had read and answered, in seconds, and what it said then, if anything."""

    heard: float
    covered: float
    event: SpeechEvent | None


async def listen(engine: Any, talk: Conversation) -> list[Tick]:
    """Stream *talk* at the pace of speech; return what was said and when."""
    ticks: list[Tick] = []
    began = anyio.current_time()
    async with engine.stream() as stream, anyio.create_task_group() as tasks:

        def note(event: SpeechEvent | None) -> None:
            ticks.append(Tick(stream.statistics().delivered, stream._core_covered(), event))

        async def feed() -> None:
            for at in range(0, len(talk.samples), RATE // 50):
                await anyio.sleep_until(began + at / RATE)
                frame = AudioFrame.from_array(talk.samples[at : at + RATE // 50], RATE)
                await stream.send_frame(frame)
                if at % round(_TICK * RATE) < RATE // 50:
                    note(None)
            stream.end_input()

        tasks.start_soon(feed)
        async for event in stream:
            note(event)
    return ticks


def cpu() -> float:
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


async def listen_all(make: Any, talks: list[Conversation]) -> tuple[list[list[Tick]], float]:
    """Stream all of *talks* side by side; return what was said, and CPU for a second of audio."""
    heard: list[list[Tick]] = [[] for _ in talks]
    began = cpu()
    async with make() as engine:
        await engine.recognize(AudioFrame(bytes(RATE), RATE, 1, RATE // 2))

        async def one(index: int) -> None:
            heard[index] = await listen(engine, talks[index])

        async with anyio.create_task_group() as tasks:
            for index in range(len(talks)):
                tasks.start_soon(one, index)
    return heard, (cpu() - began) * RATE / sum(len(each.samples) for each in talks)
