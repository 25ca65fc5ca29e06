"""A provider repeats the key, in each field of what it says: no error, cause or log shows it."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
import pytest

from anyio_stt import STT, APIConnectOptions
from anyio_stt.engines.deepgram import DeepgramSTT
from anyio_stt.engines.openai import OpenAIRealtimeSTT, OpenAISTT
from anyio_stt.testing import tone
from tests.engines.scripted_peers import http_peer, websocket_peer

pytestmark = pytest.mark.real_time

KEY = "sk-SECRET/KEY-123456"
ONCE = APIConnectOptions(max_retry=0, timeout=0.5, drain_timeout=0.2, idle_timeout=0.5)

RESULTS = {
    "type": "Results",
    "channel_index": [0, 1],
    "start": 0.0,
    "duration": 0.1,
    "is_final": True,
    "speech_final": True,
    "metadata": {"request_id": "r"},
    "channel": {
        "alternatives": [
            {
                "transcript": "a",
                "confidence": 0.5,
                "languages": ["en"],
                "words": [{"word": "a", "start": 0.0, "end": 0.1, "confidence": 1, "speaker": 0}],
            }
        ]
    },
}
ITEM = "conversation.item.input_audio_transcription"
SAID: dict[str, list[dict[str, Any]]] = {
    "deepgram": [
        RESULTS,
        {"type": "SpeechStarted", "channel": [0, 1], "timestamp": 0.0},
        {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 0.1},
        {"type": "Metadata", "duration": 0.1, "request_id": "r"},
        {"type": "Error", "description": "d", "message": "m", "variant": "v"},
    ],
    "realtime": [
        {"type": "session.updated", "session": {"type": "x"}},
        {"type": "input_audio_buffer.speech_started", "item_id": "a", "audio_start_ms": 0},
        {"type": "input_audio_buffer.speech_stopped", "item_id": "a", "audio_end_ms": 9},
        {"type": "input_audio_buffer.committed", "item_id": "a"},
        {"type": f"{ITEM}.delta", "item_id": "a", "delta": "x"},
        {"type": f"{ITEM}.failed", "item_id": "a", "error": {"message": "m", "code": "c"}},
        {"type": f"{ITEM}.completed", "item_id": "a", "transcript": "x", "usage": {"seconds": 1}},
        {"type": "error", "error": {"type": "t", "message": "m", "code": "c"}},
    ],
    "vllm": [
        {"type": "session.created", "id": "a"},
        {"type": "transcription.delta", "delta": "x"},
        {"type": "transcription.done", "text": "x"},
        {"type": "error", "error": "e", "code": "c"},
    ],
}
ANSWERS = {
    "openai": {
        "text": "x",
        "language": "en",
        "words": [{"word": "x", "start": 0, "end": 0.1}],
        "usage": {"seconds": 1, "input_tokens": 1, "output_tokens": 1},
        "error": None,
    },
    "deepgram": {
        "metadata": {"duration": 0.1, "request_id": "r"},
        "results": {
            "channels": [{"detected_language": "en", **RESULTS["channel"]}],  # type: ignore[dict-item]
        },
    },
}


def planted(value: Any) -> Iterator[Any]:
    """Yield *value* with the key in place of each thing that is in it, names included."""
    yield KEY
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {KEY if each == name else each: held for each, held in value.items()}
            yield from ({**value, name: other} for other in planted(inner))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from ([*value[:index], other, *value[index + 1 :]] for other in planted(inner))


def make(name: str, port: int) -> STT:
    where: dict[str, Any] = {"base_url": f"ws://127.0.0.1:{port}", "api_key": KEY}
    match name:
        case "deepgram":
            return DeepgramSTT(**where, extra={"token": KEY})
        case "openai":
            return OpenAISTT(**where)
    return OpenAIRealtimeSTT(**where, dialect="vllm" if name == "vllm" else "openai")


async def shown(stt: STT, *, stream: bool) -> str:
    """Return all that a user could see of what went wrong."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    logging.getLogger("anyio_stt").addHandler(handler)
    stt.on("error", lambda error: lines.append(repr(error) + str(error.error)))
    try:
        with anyio.fail_after(10):
            if stream:
                async with stt.stream(conn_options=ONCE) as heard:
                    heard.push_frame(tone(0.2))
                    heard.end_input()
                    async for event in heard:
                        lines.append(repr(event))  # noqa: PERF401 - one at a time
            else:
                lines.append(repr(await stt.recognize(tone(0.2), conn_options=ONCE)))
    except Exception as exc:
        lines += traceback.format_exception(exc)
        lines += [repr(vars(exc)), str(getattr(exc, "body", "")), repr(stt)]
    finally:
        logging.getLogger("anyio_stt").removeHandler(handler)
        await stt.aclose()
    return "\n".join(lines)


async def check(
    name: str,
    peers: Sequence[AbstractAsyncContextManager[int]],
    *,
    streams: tuple[bool, ...] = (True, False),
) -> None:
    failures: list[str] = []

    async def one(peer: AbstractAsyncContextManager[int], limit: anyio.CapacityLimiter) -> None:
        async with limit, peer as port:
            for stream in streams:
                seen = await shown(make(name, port), stream=stream)
                failures.extend(line for line in seen.splitlines() if KEY in line)

    limit = anyio.CapacityLimiter(20)
    async with anyio.create_task_group() as tasks:
        for peer in peers:
            tasks.start_soon(one, peer, limit)
    assert failures == []


@pytest.mark.parametrize("name", SAID)
async def test_a_key_in_any_field_of_a_message_is_seen_nowhere(name: str) -> None:
    first = [json.dumps(SAID[name][0])] if name != "deepgram" else []

    def escape(text: str) -> str:
        return text.replace("/", "\\/")  # as some servers write it

    peers = [
        websocket_peer([*first, write(json.dumps(message))])
        for said in SAID[name]
        for message in planted(said)
        for write in (str, escape)
    ]
    await check(name, peers, streams=(True,))


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_key_in_any_field_of_an_answer_is_seen_nowhere(name: str) -> None:
    bodies = [json.dumps(body).encode() for body in planted(ANSWERS[name])]
    peers = [
        http_peer(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
        for body in bodies
        for status in (200, 400)
    ]
    await check(name, peers, streams=(False,) if name == "deepgram" else (True, False))


@pytest.mark.parametrize("name", ["deepgram", "openai", "realtime"])
async def test_a_key_in_any_line_of_an_answer_is_seen_nowhere(name: str) -> None:
    key = KEY.encode()
    events = [
        b"data: " + json.dumps(event).encode() + b"\n\n"
        for said in ({"type": "transcript.text.delta", "delta": "x"}, {"error": {"message": "x"}})
        for event in planted(said)
    ]
    stream = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    await check(
        name,
        [
            http_peer(b"HTTP/1.1 " + key + b"\r\n\r\n"),
            http_peer(key + b"\r\n\r\n"),
            http_peer(b"HTTP/1.1 400 " + key + b"\r\nContent-Length: 0\r\n\r\n"),
            http_peer(b"HTTP/1.1 200 OK\r\nAuthorization Bearer " + key + b"\r\n\r\n"),
            *(
                http_peer(b"HTTP/1.1 %d x\r\n%b: %b\r\nContent-Length: 0\r\n\r\n" % (code, at, key))
                for code in (200, 101, 302, 401, 503)
                for at in (
                    b"x-request-id",
                    b"dg-request-id",
                    b"location",
                    b"retry-after",
                    b"content-encoding",
                    b"transfer-encoding",
                    b"sec-websocket-protocol",
                    b"sec-websocket-extensions",
                    b"upgrade",
                )
            ),
            *(http_peer(stream + event) for event in events),
        ],
    )
