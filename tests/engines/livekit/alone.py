"""
How many of 140 words each plugin says while twenty connections are torn: alone, and bridged.

`python -m tests.engines.livekit.alone [PLUGIN...]`, with the extra `heavy`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import anyio
from livekit import agents, rtc

from anyio_stt import APIConnectOptions, SpeechEventType
from anyio_stt.engines.livekit.http import PluginSession
from anyio_stt.testing import cut
from anyio_stt.testing.servers import Action, Fault, FaultServer, Moment, say_words

from .real_plugins import PLUGINS, Plugin

WORDS = 140  # 61 s
TEARS = [Fault(Action.RESET, Moment.HEARING, after=0.9 + 0.17 * n) for n in range(20)]
TRIES: dict[str, Any] = {"max_retry": 30, "retry_interval": 0.05}
_PATIENCE = 6.0  # seconds
STEP = 0.02  # seconds between pieces of 100 ms

Hear = Callable[[Plugin, FaultServer], Awaitable[list[str]]]


async def alone(plugin: Plugin, server: FaultServer) -> list[str]:
    """Let LiveKit itself run the plugin, until it has nothing more to say."""
    session, said = PluginSession(), list[str]()
    with session.bound():
        theirs = plugin.plugin(server)
        stream = theirs.stream(conn_options=agents.APIConnectOptions(timeout=10.0, **TRIES))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_push, stream, plugin.rate)
        while True:
            event = None
            with anyio.move_on_after(_PATIENCE), suppress(agents.APIError):  # it gave up
                event = await anext(stream, None)
            if event is None:
                break
            if event.type == "final_transcript":
                said += event.alternatives[0].text.split()
        tasks.cancel_scope.cancel()
    await stream.aclose()
    await session.aclose()
    return said


async def _push(stream: Any, rate: int) -> None:
    with suppress(RuntimeError):  # it gave up
        for frame in cut(say_words(range(1, WORDS + 1), sample_rate=rate), 0.1):
            theirs = rtc.AudioFrame(frame.pcm, rate, 1, frame.samples_per_channel)
            stream.push_frame(theirs)
            await anyio.sleep(STEP)
        stream.end_input()


async def bridged(plugin: Plugin, server: FaultServer) -> list[str]:
    """Let the bridge run it."""
    said: list[str] = []
    async with plugin.engine(server) as stt:
        options = APIConnectOptions(drain_timeout=20.0, **TRIES)
        async with stt.stream(conn_options=options) as stream:
            for frame in cut(say_words(range(1, WORDS + 1), sample_rate=plugin.rate), 0.1):
                await stream.send_frame(frame)
                await anyio.sleep(STEP)
            stream.end_input()
            async for event in stream:
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    said += event.alternatives[0].text.split()
    return said


async def compare(name: str) -> None:
    counts = []
    for hear in (alone, bridged):
        async with PLUGINS[name].serve(TEARS) as server:
            said = await hear(PLUGINS[name], server)
        whole = [f"w{n}" for n in range(1, WORDS + 1)]
        doubled = len(said) - len(set(said))
        counts.append(f"{len(set(said) & set(whole))} of {WORDS}, {doubled} doubled")
    print(f"{name}: alone {counts[0]}; bridged {counts[1]}", flush=True)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    for each in sys.argv[1:] or ["deepgram", "assemblyai", "gladia", "soniox", "speechmatics"]:
        anyio.run(compare, each)
