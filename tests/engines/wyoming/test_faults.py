"""WyomingSTT and a network that does everything wrong."""

from __future__ import annotations

from contextlib import suppress

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    APITimeoutError,
    SpeechEventType,
)
from anyio_stt.engines.wyoming import WyomingSTT
from anyio_stt.testing import assert_no_leaks
from anyio_stt.testing.servers import Action, Fault, FaultServer, Moment, say_words
from anyio_stt.testing.servers.wyoming import WyomingServer
from tests.engines.fault_matrix import (
    ANY,
    ANY_LATER,
    Cell,
    breaks,
    check_cells,
    closes,
    garbage,
    hangs,
    harmless,
    matrix,
    recording,
)

pytestmark = pytest.mark.real_time


def engine(server: FaultServer) -> STT:
    return WyomingSTT(base_url=server.base_url)


def only_drops(cells: list[Cell]) -> list[Cell]:
    """Wyoming has no close codes: each polite close is a lost connection."""
    return [Cell(cell.fault, APIConnectionError, True) for cell in cells if cell.fault.code == 1011]


@matrix(hangs(*ANY), breaks(*ANY), only_drops(closes(*ANY_LATER)), garbage(*ANY_LATER), harmless())
async def test_each_fault_ends_the_stream_in_time_with_the_right_error(cells: list[Cell]) -> None:
    await check_cells(cells, WyomingServer, engine)


@matrix(hangs(*ANY), breaks(*ANY), only_drops(closes(*ANY_LATER)), garbage(*ANY_LATER), harmless())
async def test_each_fault_ends_a_recording_in_time_with_the_right_error(
    cells: list[Cell],
) -> None:
    await check_cells(cells, WyomingServer, engine, recording)


async def test_each_flush_gives_a_transcript_on_a_connection_of_its_own() -> None:
    kills = [Fault(Action.RESET, Moment.FINAL), None, Fault(Action.RESET, Moment.HEARING, after=1)]
    texts = []
    with anyio.fail_after(10):
        async with assert_no_leaks(), WyomingServer(kills) as server, engine(server) as stt:
            options = APIConnectOptions(retry_interval=0.05)
            async with stt.stream(conn_options=options) as stream:
                for first in (1, 4, 7):
                    stream.push_frame(say_words(range(first, first + 3)))
                    stream.flush()
                stream.end_input()
                async for event in stream:
                    if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                        best = event.alternatives[0]
                        texts.append(
                            (best.text, round(best.start_time, 3), round(best.end_time, 3))
                        )
            assert (server.connections, server.struck) == (5, 2)
    assert texts == [
        ("w1 w2 w3", 0.0, 1.3),
        ("w4 w5 w6", 1.3, 2.6),
        ("w7 w8 w9", 2.6, 3.9),
    ]


async def test_a_recording_is_recognised_at_once() -> None:
    with anyio.fail_after(5):
        async with WyomingServer() as server, engine(server) as stt:
            event = await stt.recognize(say_words(range(1, 7)), language="de")
    assert event.alternatives[0].text == "w1 w2 w3 w4 w5 w6"


async def test_a_server_that_stops_reading_is_noticed_while_audio_flows() -> None:
    deaf = [Fault(Action.STOP_READING, Moment.HEARING, after=0.5)]
    options = APIConnectOptions(max_retry=0, timeout=0.5)  # no idle_timeout: the engine's own
    with anyio.fail_after(20):
        async with (
            assert_no_leaks(),
            WyomingServer(deaf, small_buffers=True) as server,
            engine(server) as stt,
            stt.stream(conn_options=options) as stream,
            anyio.create_task_group() as tasks,
        ):

            async def speak() -> None:  # for ever: neither a flush nor an end sets a deadline
                second = say_words([1, 2, 3])
                with suppress(RuntimeError):
                    while True:
                        await stream.send_frame(second)

            tasks.start_soon(speak)
            with pytest.raises(APITimeoutError, match=r"did not read an event within 0\.5 s"):
                async for _ in stream:
                    pass
            tasks.cancel_scope.cancel()


async def test_a_half_open_server_is_noticed_at_the_next_flush() -> None:
    dead = [Fault(Action.HALF_OPEN, Moment.HEARING, after=0.5)]
    options = APIConnectOptions(max_retry=0, drain_timeout=0.3)
    with anyio.fail_after(5):
        async with (
            assert_no_leaks(),
            WyomingServer(dead) as server,
            engine(server) as stt,
            stt.stream(conn_options=options) as stream,
        ):
            stream.push_frame(say_words([1, 2, 3]))
            stream.flush()  # the input does not end
            with pytest.raises(APITimeoutError, match=r"did not end a session within 0\.3 s"):
                async for _ in stream:
                    pass
