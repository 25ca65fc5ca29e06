"""OpenAI's REST protocol and whisper.cpp's, from a request to its answer."""

from __future__ import annotations

import io
import json
import wave
from typing import Any

import anyio
import pytest

from anyio_stt import APIConnectionError, SpeechData, SpeechEvent, SpeechEventType, Word
from anyio_stt.server import ServerOptions
from anyio_stt.testing import Fail, Hang, Hear, HearAll, Say, ScriptedSTT
from tests.server.asgi import FORM, Answer, form, request, serving

pytestmark = pytest.mark.real_time  # files are read in threads

PATH = "/v1/audio/transcriptions"


def wav(seconds: float = 1.0, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, 2, 16000, 0, "NONE", ""))
        writer.writeframes(bytes(round(seconds * 16000) * 2 * channels))
    return file.getvalue()


def said(text: str, start: float, end: float) -> SpeechEvent:
    each = (end - start) / len(text.split())
    words = [
        Word(word, start + n * each, start + (n + 1) * each, 0.5)
        for n, word in enumerate(text.split())
    ]
    data = SpeechData("en", text, start, end, 0.5, words=words)
    return SpeechEvent(SpeechEventType.FINAL_TRANSCRIPT, alternatives=[data])


def engine() -> ScriptedSTT:
    return ScriptedSTT([
        Hear(0.5), Say(said("hello there", 0.0, 0.5)), HearAll(), Say(said("you", 0.5, 1.0)),
    ])  # fmt: skip


async def ask(stt: Any, *fields: tuple[str, str], path: str = PATH, **options: Any) -> Answer:
    async with serving(stt, ServerOptions(hosts=(), **options)) as (app, _):
        body = form(list(fields), wav())
        return await request(app, "POST", path, body, content_type=FORM)


async def test_json_holds_the_text_and_how_much_audio_it_was(anyio_backend: Any) -> None:
    answer = await ask(engine(), ("model", "whisper-1"))
    assert answer.status == 200
    usage = {"type": "duration", "seconds": 1.0}
    assert answer.json() == {"text": "hello there you", "usage": usage}


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("text", "text/plain", "hello there you\n"),
        (
            "srt",
            "application/x-subrip",
            (
                "1\n00:00:00,000 --> 00:00:00,500\nhello there\n\n"
                "2\n00:00:00,500 --> 00:00:01,000\nyou\n\n"
            ),
        ),
        (
            "vtt",
            "text/vtt",
            (
                "WEBVTT\n\n00:00:00.000 --> 00:00:00.500\nhello there\n\n"
                "00:00:00.500 --> 00:00:01.000\nyou\n\n"
            ),
        ),
    ],
)
async def test_texts_are_what_they_are_called(
    anyio_backend: Any, name: str, kind: str, expected: str
) -> None:
    answer = await ask(engine(), ("response_format", name))
    assert answer.headers["content-type"].startswith(kind)
    assert answer.text == expected


async def test_verbose_json_has_segments_and_words_where_both_are_asked_for(
    anyio_backend: Any,
) -> None:
    answer = await ask(
        engine(),
        ("response_format", "verbose_json"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
    )
    body = answer.json()
    assert [each["text"] for each in body["segments"]] == ["hello there", "you"]
    assert set(body["segments"][0]) >= {"id", "seek", "tokens", "avg_logprob", "no_speech_prob"}
    assert body["words"][1] == {"word": "there", "start": 0.25, "end": 0.5}
    assert (body["language"], body["duration"]) == ("en", 1.0)


async def test_a_stream_has_a_delta_for_each_final_and_then_the_whole(anyio_backend: Any) -> None:
    answer = await ask(engine(), ("stream", "true"))
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in answer.text.splitlines() if line]
    assert lines[-1] == "data: [DONE]"
    events = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert [event.get("delta") for event in events[:2]] == ["hello there", " you"]
    assert events[2]["type"] == "transcript.text.done"
    assert events[2]["text"] == "hello there you"
    assert len(answer.pieces) > 3


async def test_what_changes_no_word_is_named(anyio_backend: Any) -> None:
    answer = await ask(engine(), ("include[]", "logprobs"), ("temperature", "0.0"))
    assert answer.headers["x-anyio-stt-ignored"] == "include, temperature"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompt", "Names: Ada"),
        ("temperature", "0.7"),
        ("response_format", "xml"),
        ("response_format", "diarized_json"),
        ("timestamp_granularities[]", "letter"),
        ("known_speaker_names[]", "ada"),
    ],
)
async def test_what_is_not_served_is_refused_in_their_words(
    anyio_backend: Any, name: str, value: str
) -> None:
    answer = await ask(engine(), (name, value))
    assert answer.status == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"] == name.removesuffix("[]")


async def test_a_failed_engine_is_a_bad_gateway(anyio_backend: Any) -> None:
    stt = ScriptedSTT([Fail(APIConnectionError("the way is lost", retryable=False))])
    answer = await ask(stt)
    assert answer.status == 502
    assert "the way is lost" in answer.json()["error"]["message"]


async def test_a_failure_in_the_middle_of_a_stream_is_an_event(anyio_backend: Any) -> None:
    stt = ScriptedSTT([
        Hear(0.5), Say(said("hello", 0.0, 0.5)),
        Fail(APIConnectionError("lost", retryable=False)),
    ])  # fmt: skip
    answer = await ask(stt, ("stream", "true"))
    last = [line for line in answer.text.splitlines() if line][-1]
    assert json.loads(last.removeprefix("data: "))["error"]["message"].startswith("lost")


async def test_translations_are_refused(anyio_backend: Any) -> None:
    async with serving(engine()) as (app, _):
        answer = await request(app, "POST", "/v1/audio/translations", b"")
    assert answer.status == 400
    assert "error" in answer.json()


async def test_with_several_engines_an_unknown_name_is_not_found(anyio_backend: Any) -> None:
    async with serving({"one": engine(), "two": engine()}) as (app, _):
        body = form([("model", "three")], wav())
        answer = await request(app, "POST", PATH, body, content_type=FORM)
        listed = await request(app, "GET", "/v1/models")
    assert (answer.status, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert [each["id"] for each in listed.json()["data"]] == ["one", "two"]


async def test_whisper_cpp_is_answered_as_it_answers(anyio_backend: Any) -> None:
    answer = await ask(engine(), ("temperature", "0.2"), path="/inference")
    assert answer.json()["text"] == "hello there you"
    bad = await ask(engine(), ("translate", "true"), path="/inference")
    assert (bad.status, "error" in bad.json()) == (400, True)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", FORM, 400),
        (b"--edge\r\nnonsense", FORM, 400),
        (form([], None), FORM, 400),
        (form([], b""), FORM, 400),
        (form([], b"RIFF" + b"x" * 60), FORM, 400),
        (b"{}", "application/json", 400),
        (form([(f"f{n}", "") for n in range(200)], wav(0.1)), FORM, 400),
    ],
)
async def test_garbage_is_refused(anyio_backend: Any, body: bytes, kind: str, status: int) -> None:
    async with serving(engine()) as (app, _):
        answer = await request(app, "POST", PATH, body, content_type=kind)
    assert answer.status == status, answer.text
    assert answer.json()["error"]["message"]


async def test_a_body_is_read_no_further_than_is_allowed(anyio_backend: Any) -> None:
    async with serving(engine(), ServerOptions(hosts=(), max_body=10_000)) as (app, _):
        pieces = [form([], wav())[:4000]] * 10
        answer = await request(app, "POST", PATH, pieces, content_type=FORM)
        told = await request(app, "POST", PATH, b"", content_type=FORM, content_length="20000")
    assert (answer.status, told.status) == (413, 413)


async def test_a_recording_that_is_too_long_is_refused(anyio_backend: Any) -> None:
    answer = await ask(engine(), max_audio=0.5)
    assert answer.status == 413


async def test_a_client_that_breaks_off_leaves_nothing(anyio_backend: Any) -> None:
    stt = ScriptedSTT([Hang()])
    async with serving(stt) as (app, service):
        body = form([], wav())
        answer = await request(app, "POST", PATH, body, content_type=FORM, leaves=True)
        with anyio.fail_after(5):
            await service.wait_idle()
    assert answer.status in (0, 499)
    assert [heard.outcome for heard in stt.heard] in ([], ["cancelled"])


async def test_two_channels_are_mixed_before_they_are_recognised(anyio_backend: Any) -> None:
    stt = engine()
    async with serving(stt) as (app, _):
        body = form([], wav(1.0, channels=2))
        answer = await request(app, "POST", PATH, body, content_type=FORM)
    assert answer.json()["text"] == "hello there you"
    assert {frame.num_channels for frame in stt.heard[0].frames} == {1}


async def test_a_stream_of_words_that_never_begins_has_the_status_of_its_error(
    anyio_backend: Any,
) -> None:
    async with serving(engine(), ServerOptions(hosts=(), max_streams=1, max_queue=0)) as (
        app,
        service,
    ):
        body = form([("stream", "true")], wav(0.0))
        empty = await request(app, "POST", PATH, body, content_type=FORM)
        async with service.limits.place("anyone"):
            body = form([("stream", "true")], wav())
            full = await request(app, "POST", PATH, body, content_type=FORM)
    assert (empty.status, empty.json()["error"]["type"]) == (400, "invalid_request_error")
    assert (full.status, full.headers["retry-after"]) == (429, "5")
