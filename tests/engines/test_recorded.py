"""What our engines say agrees with what the vendors' own clients were recorded to say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from anyio_stt import APIConnectOptions
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.engines.openai import OpenAIRealtimeSTT
from anyio_stt.testing.servers import DeepgramServer, OpenAIServer, say_words
from tests.engines.fault_matrix import finals

pytestmark = pytest.mark.real_time


def recorded(name: str) -> dict[str, Any]:
    text = (Path(__file__).parent / "recorded" / f"{name}.json").read_text(encoding="utf-8")
    log: dict[str, Any] = json.loads(text)
    return log


async def test_deepgrams_own_client_asks_for_the_same_in_the_same_words() -> None:
    theirs = recorded("deepgram")
    with anyio.fail_after(5):
        async with DeepgramServer() as server:
            async with DeepgramSTT(base_url=server.base_url, api_key=server.api_key) as stt:
                said = await finals(stt, say_words(range(1, 4)), APIConnectOptions())
            request, log = server.requests[0], server.services[0].log
    assert request.path == theirs["path"]
    assert {tuple(pair) for pair in theirs["query"]} <= set(request.query)
    assert (
        request.headers["authorization"].replace(server.api_key, "KEY") == theirs["authorization"]
    )
    assert log == [entry for entry in theirs["log"] if "KeepAlive" not in entry]
    assert said == [text for text in theirs["finals"] if text]


async def test_openais_own_client_sets_up_the_same_session() -> None:
    theirs = recorded("openai_realtime")
    audio = say_words(range(1, 4), sample_rate=24000)
    with anyio.fail_after(5):
        async with OpenAIServer() as server:
            async with OpenAIRealtimeSTT(
                base_url=server.base_url, api_key=server.api_key, language="en"
            ) as stt:
                said = await finals(stt, audio, APIConnectOptions())
            request, service = server.requests[0], server.services[0]
    assert request.path == theirs["path"]
    assert request.query == [tuple(pair) for pair in theirs["query"]]
    assert (
        request.headers["authorization"].replace(server.api_key, "KEY") == theirs["authorization"]
    )
    assert json.loads(service.first) == theirs["session.update"]
    assert service.log[: len(theirs["log"])] == theirs["log"]
    assert said == theirs["transcripts"]
