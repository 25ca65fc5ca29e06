"""VoskServerSTT and a network that does everything wrong."""

from __future__ import annotations

import anyio
import pytest

from anyio_stt import STT, APIConnectOptions
from anyio_stt.engines.vosk import VoskServerSTT
from anyio_stt.testing import assert_no_leaks
from anyio_stt.testing.servers import Action, Fault, FaultServer, Moment, say_words
from anyio_stt.testing.servers.vosk import VoskServer
from tests.engines.fault_matrix import (
    ANY,
    ANY_LATER,
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
)

pytestmark = pytest.mark.real_time


def engine(server: FaultServer) -> STT:
    return VoskServerSTT(base_url=server.base_url)


@matrix(hangs(*ANY), breaks(*ANY), closes(*ANY_LATER), garbage(*ANY_LATER), harmless())
async def test_each_fault_ends_the_stream_in_time_with_the_right_error(cells: list[Cell]) -> None:
    await check_cells(cells, VoskServer, engine)


@matrix(hangs(*ANY), breaks(*ANY), closes(*ANY_LATER), garbage(*ANY_LATER), harmless())
async def test_each_fault_ends_a_recording_in_time_with_the_right_error(
    cells: list[Cell],
) -> None:
    await check_cells(cells, VoskServer, engine, recording)


@pytest.mark.contract("S16", "S17")
async def test_a_socket_killed_again_and_again_loses_and_doubles_no_word() -> None:
    audio = say_words(range(1, 61))
    kills = [
        Fault(Action.RESET, moment, after=1.5 + 0.41 * (number % 5))
        for number, moment in enumerate([Moment.HEARING, Moment.FINAL] * 5)
    ]
    with anyio.fail_after(30):
        async with assert_no_leaks(), VoskServer(kills) as server, engine(server) as stt:
            said = await finals(stt, audio, APIConnectOptions(retry_interval=0.05))
            assert server.struck == 10
    assert " ".join(said).split() == [f"w{number}" for number in range(1, 61)]


async def test_a_recording_is_recognised_at_once() -> None:
    audio = say_words(range(1, 7))
    with anyio.fail_after(5):
        async with VoskServer() as server, engine(server) as stt:
            event = await stt.recognize(audio)
    best = event.alternatives[0]
    assert best.text == "w1 w2 w3 w4 w5 w6"
    assert best.words is not None
    assert [word.start_time for word in best.words] == [0.0, 0.3, 0.6, 1.3, 1.6, 1.9]
