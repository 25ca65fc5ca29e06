"""An hour of one stream, on virtual time: memory is flat."""

from __future__ import annotations

import gc
import os
import tracemalloc
from typing import Any

import anyio
import pytest

from benchmarks.server_engine import AnsweringSTT
from tests.server.asgi import connected, serving
from tests.server.test_websockets import LISTEN, PIECE

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]

MINUTES = 60 if os.environ.get("ANYIO_STT_SOAK") == "1" else 6


async def test_a_stream_of_an_hour_takes_no_more_than_one_of_a_minute(anyio_backend: Any) -> None:
    sizes = []
    target = LISTEN + "&interim_results=true"
    tracemalloc.start()
    try:
        async with serving(AnsweringSTT()) as (app, _), connected(app, target) as socket:
            for _ in range(MINUTES):
                for _ in range(600):
                    socket.send(PIECE)
                    while (await socket.receive())["start"] < 0:
                        pytest.fail("no time is before the beginning")
                    await anyio.sleep(0.1)
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(sizes[2:]) - sizes[1] < 150 * 1024, sizes
