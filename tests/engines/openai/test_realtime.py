"""OpenAI Realtime and a network that does everything wrong."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectOptions,
    AudioFrame,
    EndOfTurn,
    SpeechEventType,
    StartOfTurn,
)
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
    recording,
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


@matrix(statuses(), hangs(*ANY), breaks(*ANY), closes(*ANY_LATER), garbage(*ANY_LATER), harmless())
async def test_each_fault_ends_a_recording_in_time_with_the_right_error(
    cells: list[Cell],
) -> None:
    await check_cells(cells, OpenAIServer, engine, recording)


@pytest.mark.parametrize("dialect", ["speaches", "vllm"])
@matrix(hangs(*ANY), breaks(*ANY), closes(*ANY_LATER), garbage(*ANY_LATER), harmless())
async def test_each_fault_ends_the_stream_in_time_in_each_dialect(
    cells: list[Cell], dialect: str
) -> None:
    await check_cells(
        cells,
        lambda faults: OpenAIServer(faults, dialect=dialect),
        lambda server: engine(server, dialect=dialect),
    )


@pytest.mark.contract("S16", "S17")
@pytest.mark.parametrize("dialect", ["openai", "beta", "speaches"])
async def test_a_socket_killed_again_and_again_loses_and_doubles_no_word(dialect: str) -> None:
    kills = [
        Fault(Action.RESET, moment, after=1.5 + 0.41 * (number % 5))
        for number, moment in enumerate([Moment.HEARING, Moment.FINAL] * 5)
    ]
    with anyio.fail_after(30):
        async with (
            assert_no_leaks(),
            OpenAIServer(kills, dialect=dialect) as server,
            engine(server, dialect=dialect) as stt,
        ):
            options = APIConnectOptions(retry_interval=0.05)
            said = await finals(stt, words(range(1, 61)), options)
            assert server.struck == 10
    assert " ".join(said).split() == [f"w{number}" for number in range(1, 61)]


@pytest.mark.parametrize(
    ("dialect", "options"),
    [
        ("openai", {"vad": False}),
        ("openai", {"model": "gpt-live-transcribe"}),
        ("beta", {"vad": False}),
        ("speaches", {"vad": False}),
        ("vllm", {}),
    ],
)
async def test_without_detection_each_flush_ends_an_utterance_and_times_are_the_streams(
    dialect: str, options: dict[str, Any]
) -> None:
    events = []
    with anyio.fail_after(10):
        async with (
            OpenAIServer(dialect=dialect) as server,
            engine(server, dialect=dialect, **options) as stt,
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


@pytest.mark.parametrize(
    ("dialect", "options"),
    [
        ("openai", {}),
        ("openai", {"model": "gpt-realtime-whisper"}),
        ("speaches", {}),
        ("vllm", {}),
    ],
)
async def test_a_session_is_rolled_over_at_a_silence_and_nobody_notices(
    dialect: str, options: dict[str, Any]
) -> None:
    with anyio.fail_after(30):
        async with (
            OpenAIServer(dialect=dialect) as server,
            engine(server, max_session=0.0, dialect=dialect, **options) as stt,
        ):
            said = await finals(stt, words(range(1, 31)), APIConnectOptions(max_retry=0))
            assert server.connections > 3
    assert " ".join(said).split() == [f"w{number}" for number in range(1, 31)]


@pytest.mark.contract("S16", "S17")
async def test_vllm_loses_and_doubles_no_word_either() -> None:
    # all there is comes at the end: each of ten connections is lost on the way there
    kills = [Fault(Action.RESET, Moment.HEARING, after=0.5 + number) for number in range(9)]
    options = APIConnectOptions(max_retry=10, retry_interval=0.01)
    with anyio.fail_after(30):
        async with (
            assert_no_leaks(),
            OpenAIServer([*kills, Fault(Action.RESET, Moment.FINAL)], dialect="vllm") as server,
            engine(server, dialect="vllm") as stt,
        ):
            said = await finals(stt, words(range(1, 61)), options)
            assert server.struck == 10
    assert said == [" ".join(f"w{number}" for number in range(1, 61))]


@pytest.mark.parametrize("dialect", ["openai", "beta", "speaches", "vllm"])
async def test_a_recording_is_resampled_and_recognised_at_once(dialect: str) -> None:
    with anyio.fail_after(5):
        async with (
            OpenAIServer(dialect=dialect) as server,
            engine(server, dialect=dialect) as stt,
        ):
            event = await stt.recognize(say_words(range(1, 7), sample_rate=48000))
    assert event.alternatives[0].text == "w1 w2 w3 w4 w5 w6"


# ---- turns that the server ends


async def test_turns_by_sense_end_where_the_server_says() -> None:
    async with (
        OpenAIServer() as server,
        engine(server, turn_detection="semantic_vad", eagerness="low") as stt,
        stt.stream() as stream,
        anyio.create_task_group() as tasks,
    ):
        with anyio.fail_after(60):
            tasks.start_soon(stream.feed, cut(words(range(1, 7)), 0.1))
            told = [each async for each in stream.turns(max_silence=60.0)]
        asked = json.loads(server.services[0].first)["session"]["audio"]["input"]
    assert asked["turn_detection"] == {"type": "semantic_vad", "eagerness": "low"}
    assert [type(each) for each in told] == [StartOfTurn, EndOfTurn] * 2
    assert [each.text for each in told if isinstance(each, EndOfTurn)] == ["w1 w2 w3", "w4 w5 w6"]
    assert stt.capabilities.turns


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"turn_detection": "psychic"}, "must be 'server_vad' or 'semantic_vad', got 'psychic'"),
        ({"turn_detection": "semantic_vad", "silence_ms": 300}, "give semantic_vad eagerness"),
        ({"eagerness": "low"}, "an option of turn_detection='semantic_vad'"),
        ({"turn_detection": "semantic_vad", "vad": False}, "leave vad=False out"),
        ({"turn_detection": "semantic_vad", "model": "gpt-live-transcribe"}, "a model that"),
        ({"turn_detection": "semantic_vad", "dialect": "vllm"}, "'vllm' has no turn_detection"),
    ],
)
def test_turns_that_cannot_be_had_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        OpenAIRealtimeSTT(api_key="k", **options)
