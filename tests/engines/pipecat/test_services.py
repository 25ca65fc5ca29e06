"""Pipecat's own services, unchanged, as engines: the contract, torn connections, and the end."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from anyio_stt import STT, APIConnectOptions, APIStatusError, SpeechEventType
from anyio_stt.testing import ContractViolation, check_stt, cut
from anyio_stt.testing.servers import Action, DeepgramServer, Fault, Moment, OpenAIServer, say_words
from tests.collecting import collect_what_was_left_open

pytest.importorskip("pipecat.services.deepgram.stt", reason="Pipecat is not installed")
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.services.openai.stt import OpenAISTTService

from anyio_stt.engines.bridges import load_bridged
from anyio_stt.engines.pipecat import PipecatSTT

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.real_time,
    pytest.mark.timeout(300),
    # OpenAI's client is left to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # what their clients use
]
SOAK = bool(os.environ.get("ANYIO_STT_SOAK"))
OPTIONS = APIConnectOptions(max_retry=30, retry_interval=0.02, drain_timeout=20.0)


@pytest.fixture(autouse=True)
def in_loops_that_pipecat_is_made_for(anyio_backend: Any) -> Any:
    name, options = anyio_backend
    if options.get("use_uvloop") or options.get("loop_factory"):
        pytest.skip("Pipecat is made for asyncio's own loop; on trio it gets a thread")
    yield name
    collect_what_was_left_open()


def deepgram(server: DeepgramServer, **options: Any) -> STT:
    def make() -> Any:
        return DeepgramSTTService(api_key=server.api_key, base_url=server.base_url)

    return PipecatSTT(make, settle=0.4, **options)


def openai(server: OpenAIServer, **options: Any) -> STT:
    address = server.base_url.replace("ws", "http", 1) + "/v1"

    def make() -> Any:
        return OpenAISTTService(api_key=server.api_key, base_url=address)

    return PipecatSTT(make, **options)


async def heard(stt: STT, words: int, change: Callable[[Any], None] | None = None) -> list[str]:
    """Push words, a flush behind each utterance of three; return what finals say."""
    said: list[str] = []
    with anyio.fail_after(100):
        async with stt.stream(conn_options=OPTIONS) as stream:
            for first in range(1, words + 1, 3):
                for frame in cut(say_words(range(first, first + 3)), 0.1):
                    await stream.send_frame(frame)
                stream.flush()
                if change is not None and first > words / 2:
                    change(stream)
                    change = None
            stream.end_input()
            async for event in stream:
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    said += event.alternatives[0].text.split()
    return said


def named(count: int) -> list[str]:
    return [f"w{number}" for number in range(1, count + 1)]


@pytest.mark.skipif(not SOAK, reason="half a minute each")
@pytest.mark.parametrize("kind", ["deepgram", "openai"])
async def test_a_service_keeps_the_contract_but_for_what_is_its_own(kind: str) -> None:
    broken: set[str] = set()
    audio = say_words(range(1, 7))
    server: Any = DeepgramServer() if kind == "deepgram" else OpenAIServer()
    make = deepgram if kind == "deepgram" else openai
    async with server:
        try:
            await check_stt(lambda: make(server), audio=audio, patience=20.0, grace=3.0)
        except ContractViolation as exc:
            broken = {each.id for each in exc.violations}
    # OpenAI's does not close its HTTP client.
    assert broken <= ({"S2"} if kind == "openai" else set())


async def test_twenty_torn_connections_in_a_minute_of_speech_lose_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    tears: list[Fault | None] = [
        Fault(
            Action.RESET if n % 3 else Action.CLOSE, Moment.HEARING, after=0.9 + 0.17 * n, code=1000
        )
        for n in range(20)
    ]
    async with DeepgramServer(tears) as server:
        async with deepgram(server) as stt:
            assert await heard(stt, 138) == named(138)
        assert server.struck == 20


async def test_requests_that_fail_are_made_again() -> None:
    faults: list[Fault | None] = [Fault(Action.STATUS, Moment.DRAINING, status=503)] * 3
    async with OpenAIServer(faults) as server, openai(server) as stt:
        assert await heard(stt, 6) == named(6)
        event = await stt.recognize(say_words([1, 2]), conn_options=OPTIONS)
        assert event.alternatives[0].text == "w1 w2"


async def test_a_key_that_is_refused_ends_the_stream() -> None:
    refused: list[Fault | None] = [Fault(Action.STATUS, status=401)] * 3
    async with DeepgramServer(refused) as server, deepgram(server) as stt:
        with pytest.raises(APIStatusError, match="401") as raised:
            await heard(stt, 3)
        assert raised.value.status_code == 401
        assert server.struck == 1


async def test_options_change_between_two_services() -> None:
    async with DeepgramServer() as server, deepgram(server) as stt:
        change = lambda stream: stream.update_options(keyterms=["one"], language="de")  # noqa: E731
        assert await heard(stt, 12, change) == named(12)
        asked = [dict(request.query) for request in server.requests]
        assert [(each["language"], each.get("keyterm")) for each in asked] == [
            ("en", None),
            ("de", "one"),
        ]
        with pytest.raises(TypeError, match=r"cannot change speed while it runs, but .*language"):
            stt.update_options(speed=2)


async def test_a_service_is_found_by_its_name() -> None:
    async with DeepgramServer() as server:
        make: Any = load_bridged("pipecat:deepgram")
        async with make(api_key=server.api_key, base_url=server.base_url) as stt:
            assert (stt.provider, stt.model) == ("deepgram", "unknown")
            assert await heard(stt, 3) == named(3)
    with pytest.raises(ImportError, match=r"pip install 'pipecat-ai\[nobody\]'"):
        load_bridged("pipecat:nobody")
    with pytest.raises(LookupError, match="has no Nothing"):
        load_bridged("pipecat:deepgram.Nothing")
