"""A language that the engine does not recognise is refused before anything is heard."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anyio_stt import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from anyio_stt.testing import HearAll, Say, ScriptedSTT
from anyio_stt.testing.scripted import ScriptedStream
from tests.server.asgi import FORM, connected, form, request, serving
from tests.server.test_openai_rest import said, wav

pytestmark = pytest.mark.real_time  # files are read in threads

PIECE = bytes(3200)


class EnglishSTT(ScriptedSTT):
    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> ScriptedStream:
        if language not in (None, "en"):
            raise ValueError(
                f"this engine recognises en, not {language!r}; make another, EnglishSTT()"
            )
        return super().stream(language=language, conn_options=conn_options)


def english() -> EnglishSTT:
    return EnglishSTT([HearAll(), Say(said("hello", 0.0, 1.0))])


def check(told: str) -> None:
    assert "language 'de' is not served: this engine recognises en, not 'de'" in told
    assert "EnglishSTT()" not in told


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/audio/transcriptions", []),
        ("/v1/audio/transcriptions", [("stream", "true")]),
        ("/inference", []),
    ],
)
async def test_a_form_is_answered_400(path: str, fields: list[tuple[str, str]]) -> None:
    async with serving(english()) as (app, _):
        body = form([*fields, ("language", "de")], wav())
        answer = await request(app, "POST", path, body, content_type=FORM)
        assert answer.status == 400
        error = answer.json()["error"]
        check(error if isinstance(error, str) else error["message"])
        body = form([*fields, ("language", "en")], wav())
        assert (await request(app, "POST", path, body, content_type=FORM)).status == 200


async def test_deepgrams_recording_is_answered_400() -> None:
    async with serving(english()) as (app, _):
        answer = await request(app, "POST", "/v1/listen?language=de", wav())
    assert answer.status == 400
    check(answer.json()["err_msg"])


async def test_deepgrams_stream_is_not_opened() -> None:
    target = "/v1/listen?encoding=linear16&sample_rate=16000&language=de"
    async with serving(english()) as (app, _), connected(app, target) as socket:
        assert (socket.opening["type"], socket.opening["status"]) == (
            "websocket.http.response.start",
            400,
        )
        check(json.loads((await socket.raw())["body"])["err_msg"])


async def test_realtimes_session_ends_with_its_error() -> None:
    session: dict[str, Any] = {
        "type": "transcription",
        "audio": {"input": {"transcription": {"model": "x", "language": "de"}}},
    }
    async with serving(english()) as (app, _), connected(app, "/v1/realtime") as socket:
        socket.send({"type": "session.update", "session": session})
        socket.send({"type": "input_audio_buffer.append", "audio": "AAAA" * 400})
        messages = await socket.rest()
        closing = socket.closing
    (error,) = [each["error"] for each in messages if each["type"] == "error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", "language")
    check(error["message"])
    assert closing is not None
    assert closing["code"] == 1008
