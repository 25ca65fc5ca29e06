"""OpenAI Realtime and a network that does everything wrong."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from anyio_stt import STT, APIConnectOptions, AudioFrame, SpeechEventType
from anyio_stt.engines.openai import OpenAIRealtimeSTT
from anyio_stt.testing import assert_no_leaks, cut
from anyio_stt.testing.servers import Action, Fault, FaultServer, Moment, OpenAIServer, say_words
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
    statuses,
)

pytestmark = pytest.mark.real_time


def engine(server: FaultServer, **options: Any) -> STT:
    return OpenAIRealtimeSTT(base_url=server.base_url, api_key=server.api_key, **options)


def words(numbers: range) -> AudioFrame:
    return say_words(numbers, sample_rate=24000)


@matrix(statuses(), hangs(*ANY), breaks(*ANY), closes(*ANY_LATER), garbage(*ANY_LATER), harmless())
async def test_each_fault_ends_the_stream_in_time_with_the_right_error(cells: list[Cell]) -> None:
    await check_cells(cells, OpenAIServer, engine)


@pytest.mark.contract("S16", "S17")
@pytest.mark.parametrize("dialect", ["openai", "beta"])
async def test_a_socket_killed_again_and_again_loses_and_doubles_no_word(dialect: str) -> None:
    kills = [
        Fault(Action.RESET, moment, after=1.5 + 0.41 * (number % 5))
        for number, moment in enumerate([Moment.HEARING, Moment.FINAL] * 5)
    ]
    with anyio.fail_after(30):
        async with (
            assert_no_leaks(),
            OpenAIServer(kills) as server,
            engine(server, dialect=dialect) as stt,
        ):
            options = APIConnectOptions(retry_interval=0.05)
            said = await finals(stt, words(range(1, 61)), options)
            assert server.struck == 10
    assert " ".join(said).split() == [f"w{number}" for number in range(1, 61)]


async def test_without_detection_each_flush_ends_an_utterance_and_times_are_the_streams() -> None:
    events = []
    with anyio.fail_after(10):
        async with (
            OpenAIServer() as server,
            engine(server, vad=False) as stt,
            stt.stream() as stream,
        ):
            for first in (1, 4):
                for frame in cut(words(range(first, first + 3)), 0.1):
                    await stream.send_frame(frame)
                stream.flush()
            stream.end_input()
            async for event in stream:
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    best = event.alternatives[0]
                    events.append((best.text, round(best.start_time, 3), round(best.end_time, 3)))
    assert events == [("w1 w2 w3", 0.0, 1.3), ("w4 w5 w6", 1.3, 2.6)]


async def test_a_session_is_rolled_over_at_a_silence_and_nobody_notices() -> None:
    with anyio.fail_after(30):
        async with OpenAIServer() as server, engine(server, max_session=0.0) as stt:
            said = await finals(stt, words(range(1, 31)), APIConnectOptions(max_retry=0))
            assert server.connections > 3
    assert " ".join(said).split() == [f"w{number}" for number in range(1, 31)]


async def test_a_recording_is_resampled_and_recognised_at_once() -> None:
    with anyio.fail_after(5):
        async with OpenAIServer() as server, engine(server) as stt:
            event = await stt.recognize(say_words(range(1, 7), sample_rate=16000))
    assert event.alternatives[0].text == "w1 w2 w3 w4 w5 w6"
