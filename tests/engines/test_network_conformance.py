"""The engines on the network keep the contract, each against a server that speaks its protocol."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anyio_stt import STT
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.engines.openai import OpenAIRealtimeSTT, OpenAISTT
from anyio_stt.engines.vosk import VoskServerSTT
from anyio_stt.engines.wyoming import WyomingSTT
from anyio_stt.testing.conformance import check_stt
from anyio_stt.testing.servers import (
    Action,
    DeepgramServer,
    Fault,
    FaultServer,
    Moment,
    OpenAIServer,
    VoskServer,
    WyomingServer,
    say_words,
)

Make = Callable[[str, str], STT]

ENGINES: dict[str, tuple[Callable[..., FaultServer], Make, int]] = {
    "deepgram": (DeepgramServer, lambda url, key: DeepgramSTT(base_url=url, api_key=key), 16000),
    "deepgram-flux": (
        DeepgramServer,
        lambda url, key: DeepgramSTT(base_url=url, api_key=key, model="flux-general-en"),
        16000,
    ),
    "openai": (OpenAIServer, lambda url, key: OpenAISTT(base_url=url, api_key=key), 16000),
    "openai-realtime": (
        OpenAIServer,
        lambda url, key: OpenAIRealtimeSTT(base_url=url, api_key=key),
        24000,
    ),
    "openai-realtime-live": (
        OpenAIServer,
        lambda url, key: OpenAIRealtimeSTT(base_url=url, api_key=key, model="gpt-live-transcribe"),
        24000,
    ),
    "openai-realtime-speaches": (
        lambda faults=(): OpenAIServer(faults, dialect="speaches"),
        lambda url, key: OpenAIRealtimeSTT(base_url=url, api_key=key, dialect="speaches"),
        24000,
    ),
    "openai-realtime-vllm": (
        lambda: OpenAIServer(dialect="vllm"),
        lambda url, key: OpenAIRealtimeSTT(base_url=url, api_key=key, dialect="vllm"),
        16000,
    ),
    "vosk": (VoskServer, lambda url, _: VoskServerSTT(base_url=url), 16000),
    "wyoming": (WyomingServer, lambda url, _: WyomingSTT(base_url=url), 16000),
}


@pytest.mark.real_time
@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", list(ENGINES))
async def test_an_engine_on_the_network_keeps_the_contract(name: str) -> None:
    serve, make, rate = ENGINES[name]
    async with serve() as server:
        await check_stt(
            lambda: make(server.base_url, server.api_key),
            audio=say_words(range(1, 7), sample_rate=rate),
        )


REFUSED = {
    "openai": Fault(Action.STATUS, Moment.DRAINING, status=422),
    "openai-realtime": Fault(Action.REFUSE, Moment.FINAL),
    "openai-realtime-live": Fault(Action.REFUSE, Moment.FINAL),
    "openai-realtime-speaches": Fault(Action.REFUSE, Moment.FINAL),
}


@pytest.mark.contract("S22")
@pytest.mark.real_time
@pytest.mark.parametrize("name", list(REFUSED))
async def test_an_utterance_refused_for_good_is_given_up_and_the_stream_goes_on(name: str) -> None:
    serve, make, rate = ENGINES[name]
    async with serve() as server, serve([REFUSED[name]]) as refusing:
        await check_stt(
            lambda: make(server.base_url, server.api_key),
            audio=say_words(range(1, 4), sample_rate=rate),
            make_refusing=lambda: make(refusing.base_url, refusing.api_key),
            checks=["S22"],
        )
        assert refusing.struck == 1
