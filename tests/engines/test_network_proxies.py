"""Engines where the environment names a proxy that cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from anyio_stt import STT, APIConnectionError, APIConnectOptions
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.engines.openai import OpenAIRealtimeSTT, OpenAISTT
from anyio_stt.engines.vosk import VoskServerSTT
from anyio_stt.testing import assert_no_leaks
from anyio_stt.testing.servers import OpenAIServer, say_words
from tests.engines.fault_matrix import finals

pytestmark = pytest.mark.real_time

ENGINES = [DeepgramSTT, OpenAIRealtimeSTT, OpenAISTT, VoskServerSTT]
FAR = "http://far.example:8000"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(sys.modules, "socksio", None)  # as where it is not installed


def make(kind: Callable[..., STT], base_url: str, key: str = "k") -> STT:
    keys: dict[str, Any] = {} if kind is VoskServerSTT else {"api_key": key}
    return kind(base_url=base_url, **keys)


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("proxy", ["socks5://me:sekrit@127.0.0.1:1", "ftp://me:sekrit@127.0.0.1:1"])
async def test_a_proxy_of_a_kind_that_is_not_spoken_is_told_once_and_for_all(
    kind: Callable[..., STT], proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", proxy)
    with anyio.fail_after(5):
        async with assert_no_leaks(), make(kind, FAR) as stt:
            with pytest.raises(APIConnectionError) as caught:
                await finals(stt, say_words([1]), APIConnectOptions(timeout=2))
    assert not caught.value.retryable
    scheme = proxy.partition(":")[0]
    assert f"the environment names a {scheme} proxy for " in caught.value.message
    assert "set no_proxy=far.example, or an http:// proxy" in caught.value.message
    assert "sekrit" not in f"{caught.value!r}{caught.value}"


@pytest.mark.parametrize("kind", [DeepgramSTT, OpenAISTT])
async def test_a_recording_meets_the_same_proxy(
    kind: Callable[..., STT], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1")
    with anyio.fail_after(5):
        async with make(kind, FAR) as stt:
            with pytest.raises(APIConnectionError, match="only HTTP proxies") as caught:
                await stt.recognize(say_words([1]))
    assert not caught.value.retryable


@pytest.mark.parametrize("kind", [OpenAIRealtimeSTT, OpenAISTT])
async def test_a_proxy_that_is_not_needed_is_no_matter(
    kind: Callable[..., STT], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with anyio.fail_after(5):
        async with OpenAIServer() as server, make(kind, server.base_url, server.api_key) as stt:
            assert await finals(stt, say_words([1, 2, 3]), APIConnectOptions()) == ["w1 w2 w3"]
