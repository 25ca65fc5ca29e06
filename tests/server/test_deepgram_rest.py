"""Deepgram's REST protocol, from a request to its answer."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from anyio_stt.server import ServerOptions
from anyio_stt.testing import HearAll, Say, ScriptedSTT
from tests.server.asgi import Answer, request, serving
from tests.server.test_openai_rest import engine, said, wav

pytestmark = pytest.mark.real_time  # files are read in threads


async def ask(query: str, body: bytes, stt: Any = None, **options: Any) -> Answer:
    async with serving(stt or engine(), ServerOptions(hosts=(), **options)) as (app, _):
        kind = "application/json" if body[:1] == b"{" else "application/octet-stream"
        return await request(app, "POST", f"/v1/listen?{query}", body, content_type=kind)


async def test_the_answer_has_words_and_metadata(anyio_backend: Any) -> None:
    answer = await ask("model=nova-3&mip_opt_out=true&utterances=true", wav())
    body = answer.json()
    assert body["metadata"]["sha256"] == hashlib.sha256(wav()).hexdigest()
    assert (body["metadata"]["duration"], body["metadata"]["channels"]) == (1.0, 1)
    assert body["metadata"]["ignored"] == ["mip_opt_out"]
    assert answer.headers["x-anyio-stt-ignored"] == "mip_opt_out"
    best = body["results"]["channels"][0]["alternatives"][0]
    assert (best["transcript"], best["confidence"]) == ("hello there you", 0.5)
    assert [word["word"] for word in best["words"]] == ["hello", "there", "you"]
    assert [each["transcript"] for each in body["results"]["utterances"]] == ["hello there", "you"]


async def test_channels_are_recognised_apart_where_that_is_asked_for(anyio_backend: Any) -> None:
    stt = ScriptedSTT([HearAll(), Say(said("one side", 0.0, 1.0))])
    body = (await ask("multichannel=true", wav(1.0, channels=2), stt)).json()
    texts = [each["alternatives"][0]["transcript"] for each in body["results"]["channels"]]
    assert texts == ["one side", "one side"]
    assert len(stt.heard) == 2


@pytest.mark.parametrize("encoding", ["linear16", "mulaw", "alaw"])
async def test_raw_audio_is_told_by_its_encoding(anyio_backend: Any, encoding: str) -> None:
    size = 16000 if encoding == "linear16" else 8000
    answer = await ask(f"encoding={encoding}&sample_rate=8000", bytes(size))
    assert answer.json()["metadata"]["duration"] == 1.0


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("summarize=v2", b"x"),
        ("diarize=true", b"x"),
        ("callback=http://127.0.0.1/", b"x"),
        ("keyterm=Ada", b"x"),
        ("nonsense=1", b"x"),
        ("encoding=flac", b"x"),
        ("encoding=linear16", b"x"),
        ("", b""),
        ("", b"nothing"),
        ("", b"{}"),
        ("", b'{"url": 5}'),
        ("", b'{"url": "http://169.254.169.254/latest"}'),
    ],
)
async def test_what_is_not_served_is_refused_in_their_words(
    anyio_backend: Any, query: str, body: bytes
) -> None:
    answer = await ask(query, body)
    assert answer.status == 400
    assert set(answer.json()) == {"err_code", "err_msg", "request_id"}


async def test_what_is_switched_off_is_taken(anyio_backend: Any) -> None:
    answer = await ask("diarize=false&redact=", wav())
    assert answer.headers["x-anyio-stt-ignored"] == "diarize, redact"


async def test_a_long_address_is_refused(anyio_backend: Any) -> None:
    answer = await ask("", json.dumps({"url": "x" * 20_000}).encode())
    assert answer.status == 413
