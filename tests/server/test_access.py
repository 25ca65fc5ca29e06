"""Who may come in, and how much at once."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from anyio_stt.server import ServerOptions
from anyio_stt.server.access import Access, AccessError
from anyio_stt.server.limits import BusyError, Limits
from anyio_stt.testing import HearAll, Say, ScriptedSTT
from tests.server.asgi import connected, request, serving
from tests.server.test_openai_rest import said

KEY, OTHER = "the-first-key", "the-second-key"
HERE = {"host": "127.0.0.1:8000"}


def access(**options: Any) -> Access:
    return Access(ServerOptions(**{"keys": (KEY, OTHER), **options}))


@pytest.mark.parametrize(
    ("headers", "subprotocols"),
    [
        ({"authorization": f"Bearer {OTHER}"}, []),
        ({"authorization": f"token {OTHER}"}, []),
        ({"authorization": "Basic OnRoZS1zZWNvbmQta2V5"}, []),
        ({}, ["token", OTHER]),
        ({}, ["realtime", f"openai-insecure-api-key.{OTHER}"]),
    ],
)
def test_a_key_is_found_where_clients_put_it(
    headers: dict[str, str], subprotocols: list[str]
) -> None:
    assert access().admit("/v1/models", {**HERE, **headers}, subprotocols) == "key 2"


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"authorization": "Bearer"}, {"authorization": "Bearer no-key-of-ours"},
        {"authorization": f"Bearer {KEY[:-1]}"}, {"authorization": "Basic \N{SNOWMAN}"},
        {"authorization": "Bearer \udc80"},
    ],
)  # fmt: skip
def test_without_a_key_of_ours_nobody_comes_in(headers: dict[str, str]) -> None:
    with pytest.raises(AccessError) as refused:
        access().admit("/v1/models", {**HERE, **headers}, [])
    assert refused.value.status == 401


@pytest.mark.parametrize("path", ["/", "/captions.js", "/health", "/ready"])
def test_the_page_and_the_health_need_no_key(path: str) -> None:
    assert access().admit(path, HERE, []) == "anyone"


def test_a_websocket_needs_a_key_whatever_its_path() -> None:
    with pytest.raises(AccessError):
        access().admit(None, HERE, [])


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "", "[::1"])
def test_another_name_for_this_server_is_not_answered(host: str) -> None:
    with pytest.raises(AccessError) as refused:
        access(keys=()).admit("/", {"host": host}, [])
    assert refused.value.status == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:8000", "[::1]:8000"])
def test_the_names_of_loopback_are_answered(host: str) -> None:
    assert access(keys=()).admit("/v1/models", {"host": host}, []) == "anyone"


@pytest.mark.parametrize(
    ("origin", "let_in"),
    [
        ("http://127.0.0.1:8000", True),
        ("https://127.0.0.1:8000", True),
        ("https://friend.example", True),
        ("http://127.0.0.1:8001", False),
        ("https://evil.example", False),
        ("null", False),
    ],
)
def test_pages_of_other_origins_may_not_call(origin: str, let_in: bool) -> None:
    guard = access(keys=(), origins=("https://friend.example",))
    headers = {**HERE, "origin": origin}
    if let_in:
        guard.admit(None, headers, [])
        return
    with pytest.raises(AccessError):
        guard.admit(None, headers, [])


async def test_a_refusal_is_told_in_each_protocol_and_its_body_is_read(anyio_backend: Any) -> None:
    options = ServerOptions(keys=(KEY,))
    async with serving(ScriptedSTT(), options) as (app, _):
        openai = await request(app, "POST", "/v1/audio/transcriptions", [b"x" * 1000] * 3)
        deepgram = await request(app, "POST", "/v1/listen", b"x")
        async with connected(app, "/v1/listen") as socket:
            opening = socket.opening
    assert (openai.status, openai.json()["error"]["type"]) == (401, "invalid_request_error")
    assert openai.headers["www-authenticate"] == "Bearer"
    assert (deepgram.status, "err_msg" in deepgram.json()) == (401, True)
    assert opening["status"] == 401


async def test_a_browser_hands_over_its_key_as_a_subprotocol(anyio_backend: Any) -> None:
    options = ServerOptions(keys=(KEY,))
    async with serving(ScriptedSTT(), options) as (app, _):
        offered = {"sec_websocket_protocol": f"token, {KEY}"}
        target = "/v1/listen?encoding=linear16&sample_rate=16000"
        async with connected(app, target, **offered) as socket:
            assert socket.opening["subprotocol"] == "token"


def test_a_short_key_is_refused_and_no_key_is_shown() -> None:
    with pytest.raises(ValueError, match="8 characters"):
        ServerOptions(keys=("short",))
    assert KEY not in repr(ServerOptions(keys=(KEY,)))


# ---- how much at once


async def test_recordings_wait_for_their_turn_and_no_longer_than_told(anyio_backend: Any) -> None:
    limits = Limits(ServerOptions(max_streams=1, max_queue=1, queue_timeout=3))
    async with limits.place("key 1"):
        async with limits.place("key 2"):
            pass  # each key counts for itself
        before = anyio.current_time()
        with pytest.raises(BusyError) as late:
            async with limits.place("key 1", waits=True):
                pytest.fail("there was no place")
    assert anyio.current_time() - before == pytest.approx(3)
    assert (late.value.status, late.value.retry_after) == (429, 3)


async def test_the_queue_has_an_end(anyio_backend: Any) -> None:
    limits = Limits(ServerOptions(max_streams=1, max_queue=0))
    async with limits.place("key 1"):
        with pytest.raises(BusyError):
            async with limits.place("key 1", waits=True):
                pytest.fail("there was no place")
    async with limits.place("key 1", waits=True):
        pass


async def test_health_readiness_and_metrics(anyio_backend: Any) -> None:
    stt = ScriptedSTT([HearAll(), Say(said("hello", 0.0, 0.1))])
    async with serving(stt) as (app, service):
        assert (await request(app, "GET", "/health")).json() == {"status": "ok"}
        assert (await request(app, "GET", "/ready")).status == 200
        target = "/v1/listen?encoding=linear16&sample_rate=16000"
        async with connected(app, target) as socket:
            socket.send(bytes(3200))
            socket.send({"type": "CloseStream"})
            await socket.rest()
        metrics = (await request(app, "GET", "/metrics")).text
        service.drain()
        assert (await request(app, "GET", "/ready")).status == 503
        assert (await request(app, "GET", "/health")).status == 200
    assert 'anyio_stt_server_streams_open{protocol="deepgram",worker="0"} 0.0' in metrics
    assert 'anyio_stt_audio_seconds_total{stt="scripted",what="pushed"} 0.1' in metrics


async def test_the_page_may_do_no_more_than_it_needs(anyio_backend: Any) -> None:
    async with serving(ScriptedSTT()) as (app, _):
        for path in ("/", "/captions.js", "/microphone.js"):
            answer = await request(app, "GET", path)
            assert answer.status == 200
            assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_each_engine_hears_something_before_clients_come(anyio_backend: Any) -> None:
    stt = ScriptedSTT()
    async with serving(stt, warm_up=True):
        assert stt.heard[0].seconds == 0.5
