"""Other people's clients of Deepgram's turns, at the server that ours are tried with."""

from __future__ import annotations

import re
from typing import Any

import anyio
import pytest

from anyio_stt import EagerEndOfTurn, EndOfTurn, StartOfTurn, TurnResumed
from anyio_stt.testing import cut
from anyio_stt.testing.servers import DeepgramServer, say_words
from tests.engines.recorded.record import deepgram_client

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.real_time,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # theirs
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

AUDIO = say_words(range(1, 7), gap=0.25)
LETTERS = {StartOfTurn: "S", EagerEndOfTurn: "E", TurnResumed: "R", EndOfTurn: "T"}


@pytest.fixture
def asyncio_alone(anyio_backend: Any) -> None:
    if anyio_backend[0] == "trio" or "eager" in str(anyio_backend):
        pytest.skip("their clients are made for asyncio's own loop")


@pytest.mark.usefixtures("asyncio_alone")
async def test_deepgrams_client_understands_each_turn() -> None:
    pytest.importorskip("deepgram")
    told: list[Any] = []
    with anyio.fail_after(60):
        async with DeepgramServer() as server, deepgram_client(server).listen.v2.connect(
            model="flux-general-en", encoding="linear16", sample_rate="16000",
            eager_eot_threshold="0.5",
        ) as socket:  # fmt: skip
            for frame in cut(AUDIO, 0.08):
                await socket.send_media(frame.pcm)
            await socket.send_close_stream()
            told += [message async for message in socket]
    assert told[0].type == "Connected"
    events = [each.event for each in told if each.type == "TurnInfo" and each.event != "Update"]
    turn = "StartOfTurn( EagerEndOfTurn TurnResumed)* EagerEndOfTurn EndOfTurn"
    assert re.fullmatch(f"{turn} {turn}", " ".join(events))
    ends = [each for each in told if getattr(each, "event", "") == "EndOfTurn"]
    assert [(each.transcript, each.turn_index) for each in ends] == [
        ("w1 w2 w3", 0),
        ("w4 w5 w6", 1),
    ]


@pytest.mark.usefixtures("asyncio_alone")
async def test_livekits_plugin_tells_its_preflights_as_turns_that_may_be_over() -> None:
    module = pytest.importorskip("livekit.plugins.deepgram")
    from anyio_stt.engines.livekit import LiveKitSTT

    with anyio.fail_after(60):
        async with DeepgramServer() as server:
            plugin = module.STTv2(
                api_key=server.api_key,
                base_url=f"{server.base_url.replace('http', 'ws', 1)}/v2/listen",
                eager_eot_threshold=0.5,
            )
            async with (
                LiveKitSTT(plugin) as stt,
                stt.stream() as stream,
                anyio.create_task_group() as tasks,
            ):
                tasks.start_soon(stream.feed, cut(AUDIO, 0.1))
                told = [each async for each in stream.turns()]
    letters = "".join(LETTERS[type(each)] for each in told)
    assert re.fullmatch("(S(ER)*E?T)+", letters)
    assert "E" in letters
    words = " ".join(each.text for each in told if isinstance(each, EndOfTurn))
    assert words == "w1 w2 w3 w4 w5 w6"
