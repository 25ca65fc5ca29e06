"""Deepgram by turns, over a network that does everything wrong."""

from __future__ import annotations

import re
from typing import Any

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    APITimeoutError,
    AudioFrame,
    EagerEndOfTurn,
    EndOfTurn,
    SpeechEventType,
    StartOfTurn,
    TurnMoment,
    TurnResumed,
)
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.testing import cut, silence
from anyio_stt.testing.servers import (
    Action,
    DeepgramServer,
    Fault,
    FaultServer,
    Moment,
    say_words,
)
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

# It tells so much that byte by byte takes thousands of sends.
BY_BYTES = [
    cell for cell in harmless() if cell.fault.action is Action.CUT and cell.fault.piece == 1
]
HARMLESS = [cell for cell in harmless() if cell not in BY_BYTES]

LETTERS = {StartOfTurn: "S", EagerEndOfTurn: "E", TurnResumed: "R", EndOfTurn: "T"}


def engine(server: FaultServer, **options: Any) -> STT:
    options = {"model": "flux-general-en", **options}
    return DeepgramSTT(base_url=server.base_url, api_key=server.api_key, **options)


def goodbyes_too_early() -> list[Cell]:
    """Make closes without a complaint, before anybody asked for one."""
    early = (Moment.OPENED, Moment.HEARING, Moment.FINAL)
    closes = [Fault(Action.CLOSE, at, after=0.5, code=1000) for at in early]
    return [Cell(each, APIConnectionError, True) for each in closes]


@matrix(
    statuses(),
    hangs(*ANY),
    breaks(*ANY),
    closes(*ANY_LATER),
    garbage(*ANY_LATER),
    HARMLESS,
)
async def test_each_fault_ends_the_stream_in_time_with_the_right_error(cells: list[Cell]) -> None:
    await check_cells(cells, DeepgramServer, engine)


@matrix(goodbyes_too_early())
async def test_a_close_that_nobody_asked_for_is_no_goodbye(cells: list[Cell]) -> None:
    await check_cells(cells, DeepgramServer, engine)


@matrix(statuses(), breaks(*ANY), HARMLESS)
async def test_a_recording_goes_over_the_same_connection_and_fails_alike(
    cells: list[Cell],
) -> None:
    await check_cells(cells, DeepgramServer, engine, recording)


@pytest.mark.contract("S15", "S16", "S17")
@pytest.mark.parametrize(
    "quirks",
    [{}, {"restarts": True}, {"forgets": {"EndOfTurn"}}, {"forgets": {"StartOfTurn"}}],
    ids=["sound", "index-restarts", "no-end", "no-start"],
)
async def test_a_socket_killed_twelve_times_loses_and_doubles_no_word(
    quirks: dict[str, Any],
) -> None:
    audio = say_words(range(1, 61))
    kills = [
        Fault(Action.RESET, moment, after=2.0 + 0.37 * (number % 5))
        for number, moment in enumerate([Moment.HEARING, Moment.FINAL] * 6)
    ]
    options = APIConnectOptions(retry_interval=0.02)
    with anyio.fail_after(60):
        async with DeepgramServer(kills, **quirks) as server, engine(server) as stt:
            said = await finals(stt, audio, options)
            assert server.struck >= 6
    assert " ".join(said).split() == [f"w{number}" for number in range(1, 61)]


async def test_a_session_is_rolled_over_at_a_silence_and_nobody_notices() -> None:
    audio = say_words(range(1, 31))
    with anyio.fail_after(60):
        async with DeepgramServer() as server, engine(server, max_session=0.0) as stt:
            rolled = await finals(stt, audio, APIConnectOptions(max_retry=0))
            connections = server.connections
    assert connections > 3
    assert " ".join(rolled).split() == [f"w{number}" for number in range(1, 31)]


async def test_a_server_that_answers_pings_but_hears_nothing_is_left() -> None:
    deaf: list[Fault | None] = [Fault(Action.SILENT, Moment.HEARING, after=1.0)]
    options = APIConnectOptions(max_retry=0, idle_timeout=0.5, drain_timeout=0.5)
    with anyio.fail_after(60):
        async with DeepgramServer(deaf) as server, engine(server) as stt:
            with pytest.raises(APITimeoutError):
                await finals(stt, say_words(range(1, 9)), options)


async def test_a_wrong_option_is_refused_at_the_door_as_it_is() -> None:
    refusal: list[Fault | None] = [Fault(Action.STATUS, status=400)]
    with anyio.fail_after(60):
        async with DeepgramServer(refusal) as server, engine(server, eot_threshold=0.1) as stt:
            with pytest.raises(APIStatusError) as caught:
                await finals(stt, say_words([1]), APIConnectOptions())
    assert not caught.value.retryable


# ---- turns


async def moments(stt: STT, audio: AudioFrame, options: APIConnectOptions) -> list[TurnMoment]:
    told: list[TurnMoment] = []
    async with stt.stream(conn_options=options) as stream, anyio.create_task_group() as tasks:
        tasks.start_soon(stream.feed, cut(audio, 0.1))
        told += [each async for each in stream.turns(max_silence=60.0)]
    return told


def letters(told: list[TurnMoment]) -> str:
    return "".join(LETTERS[type(each)] for each in told)


async def test_turns_are_those_that_flux_tells() -> None:
    audio = say_words(range(1, 7), gap=0.25)  # pauses of .25 s: perhaps over; of .5 s: over
    with anyio.fail_after(60):
        async with DeepgramServer() as server, engine(server, eager_eot_threshold=0.5) as stt:
            told = await moments(stt, audio, APIConnectOptions(max_retry=0))
    assert re.fullmatch("(S(ER)*ET){2}", letters(told)), letters(told)
    ends = [each for each in told if isinstance(each, EndOfTurn)]
    assert [each.text for each in ends] == ["w1 w2 w3", "w4 w5 w6"]
    assert [each.end_time for each in ends] == pytest.approx([1.1, 2.7], abs=0.05)
    assert ends[0].language == "en"


async def test_a_turn_of_somebody_who_is_muted_ends_though_no_audio_comes() -> None:
    with anyio.fail_after(60):
        async with (
            DeepgramServer() as server,
            engine(server) as stt,
            stt.stream() as stream,
        ):
            for frame in cut(say_words([1, 2, 3], pause=0.1), 0.1):
                await stream.send_frame(frame)
            turns = stream.turns()
            told = [await turns.__anext__(), await turns.__anext__()]
            assert letters(told) == "ST"
            assert isinstance(told[1], EndOfTurn)
            assert told[1].text == "w1 w2 w3"
            assert told[1].end_time == pytest.approx(0.8, abs=0.05)
            # ... and what is pushed later lies where it was pushed.
            for frame in cut(say_words([4], pause=0.6), 0.1):
                await stream.send_frame(frame)
            stream.end_input()
            rest = [each async for each in turns]
    assert letters(rest) == "ST"
    assert isinstance(rest[1], EndOfTurn)
    assert rest[1].end_time == pytest.approx(1.1, abs=0.05)


async def test_the_last_words_are_final_though_no_end_of_their_turn_is_told() -> None:
    kinds: list[SpeechEventType] = []
    with anyio.fail_after(60):
        async with DeepgramServer() as server, engine(server) as stt, stt.stream() as stream:
            stream.push_frame(say_words([1, 2], pause=0.0))
            stream.end_input()
            kinds += [event.type async for event in stream]
            statistics = stream.statistics()
            log = server.services[0].log
    assert log == ["audio", '{"type": "CloseStream"}']
    assert kinds[-2:] == [SpeechEventType.FINAL_TRANSCRIPT, SpeechEventType.END_OF_SPEECH]
    assert statistics.pushed == pytest.approx(statistics.recognised + statistics.silent)


async def test_silence_is_settled_while_it_is_heard() -> None:
    with anyio.fail_after(60):
        async with DeepgramServer() as server, engine(server) as stt, stt.stream() as stream:
            for frame in cut(silence(6.0), 0.1):
                await stream.send_frame(frame)
            while stream.statistics().silent < 3.5:
                await anyio.sleep(0.01)
            stream.end_input()
            assert [event async for event in stream] == []
