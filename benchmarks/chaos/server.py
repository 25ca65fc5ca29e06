"""
The provider: `python -m benchmarks.chaos.server SCENARIO SEED SECONDS [PORT ...]`.

Writes the addresses of its servers as one line, and ends when standard input does. With ports it
takes the place of one that was killed: it waits for a line before it listens.
"""

from __future__ import annotations

import json
import sys
from contextlib import AsyncExitStack
from random import Random

import anyio
import anyio.to_thread

from anyio_stt.testing.servers import DeepgramServer

from .scenarios import SCENARIOS

__all__ = ("main",)


async def main(scenario: str, seed: str, seconds: str, *ports: str) -> None:
    faults = SCENARIOS[scenario].faults(Random(seed), float(seconds))
    if ports:
        await anyio.to_thread.run_sync(sys.stdin.readline)
    async with AsyncExitStack() as stack:
        addresses = []
        for index, each in enumerate(faults):
            server = DeepgramServer(each)
            server.api_key = "k"
            server.port = int(ports[index]) if index < len(ports) else 0
            await stack.enter_async_context(server)
            addresses.append(server.base_url)
        print(json.dumps(addresses), flush=True)
        await anyio.to_thread.run_sync(sys.stdin.read)


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
