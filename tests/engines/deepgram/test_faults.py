"""Deepgram's engine and a network that does everything wrong."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from anyio_stt import STT, APIConnectionError, APIConnectOptions
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.testing.servers import (
    Action,
    DeepgramServer,
    Fault,
    FaultServer,
    Moment,
    refused_port,
    say_words,
)
from tests.engines.fault_matrix import (
    ANY,
    ANY_LATER,
    IN_A_REQUEST,
    REQUEST_GARBAGE,
    REQUEST_HANGS,
    REQUEST_HARMLESS,
    Cell,
    breaks,
    check_cells,
    closes,
    finals,
    garbage,
    hangs,
    harmless,
    matrix,
    recording,
    statuses,
)

pytestmark = pytest.mark.real_time


def engine(server: FaultServer, **options: Any) -> STT:
    return DeepgramSTT(base_url=server.base_url, api_key=server.api_key, **options)


@matrix(
    statuses(),
    hangs(*ANY),
    breaks(*ANY),
    closes(*ANY_LATER),
    garbage(*ANY_LATER),
    harmless(),
)
async def test_each_fault_ends_the_stream_in_time_with_the_right_error(cells: list[Cell]) -> None:
    await check_cells(cells, DeepgramServer, engine)


@matrix(statuses(), REQUEST_HANGS, breaks(*IN_A_REQUEST), REQUEST_GARBAGE, REQUEST_HARMLESS)
async def test_each_fault_ends_a_recording_in_time_with_the_right_error(
    cells: list[Cell],
) -> None:
    await check_cells(cells, DeepgramServer, engine, recording)


async def test_a_refused_connection_is_retryable() -> None:
    with refused_port() as port, anyio.fail_after(5):
        async with DeepgramSTT(base_url=f"ws://127.0.0.1:{port}", api_key="k") as stt:
            with pytest.raises(APIConnectionError, match=f"127.0.0.1:{port}") as caught:
                await finals(stt, say_words([1]), APIConnectOptions(max_retry=0, timeout=1))
    assert caught.value.retryable


@pytest.mark.contract("S15", "S16", "S17")
async def test_a_socket_killed_twenty_times_loses_and_doubles_no_word() -> None:
    audio = say_words(range(1, 109))  # 61 s
    kills = [
        Fault(Action.RESET, moment, after=2.0 + 0.37 * (number % 5))
        for number, moment in enumerate([Moment.HEARING, Moment.FINAL] * 10)
    ]
    options = APIConnectOptions(retry_interval=0.05)
    with anyio.fail_after(30):
        async with DeepgramServer() as server, engine(server) as stt:
            undisturbed = await finals(stt, audio, options)
        async with DeepgramServer(kills) as server, engine(server) as stt:
            disturbed = await finals(stt, audio, options)
            assert (server.connections, server.struck) == (21, 20)
    assert disturbed == undisturbed
    assert " ".join(undisturbed).split() == [f"w{number}" for number in range(1, 109)]


async def test_a_session_is_rolled_over_at_a_silence_and_nobody_notices() -> None:
    audio = say_words(range(1, 61))
    with anyio.fail_after(30):
        async with DeepgramServer() as server, engine(server, max_session=0.0) as stt:
            rolled = await finals(stt, audio, APIConnectOptions(max_retry=0))
            connections = server.connections
    assert connections > 3
    assert " ".join(rolled).split() == [f"w{number}" for number in range(1, 61)]
