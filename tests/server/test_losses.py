"""Audio that could not be recognised is told, in each protocol's way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anyio_stt import (
    DEFAULT_API_CONNECT_OPTIONS,
    STT,
    APIConnectOptions,
    APIStatusError,
    AudioBuffer,
    AudioFrame,
    RecognizeStream,
    SpeechEvent,
    STTCapabilities,
)
from anyio_stt.testing import HearAll, Say, ScriptedSTT
from tests.server.asgi import FORM, connected, form, request, serving
from tests.server.test_openai_rest import said, wav
from tests.server.test_websockets import LISTEN, PIECE, append, until, update


class RefusingSTT(STT):
    """Is refused the second tenth of each second for good, and hears the rest."""

    def __init__(self) -> None:
        super().__init__(capabilities=STTCapabilities(streaming=True, interim_results=False))

    def stream(
        self,
        *,
        language: str | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        return _RefusingStream(stt=self, conn_options=conn_options, frame_duration=0.1)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: str | None, conn_options: APIConnectOptions
    ) -> SpeechEvent:
        raise NotImplementedError


class _RefusingStream(RecognizeStream):
    async def _run(self) -> None:
        number = 0
        async for frame in self._input_ch:
            if not isinstance(frame, AudioFrame):
                continue
            start = number / 10
            number += 1
            if number % 10 == 2:
                refusal = APIStatusError("this is no speech", status_code=400)
                self._report_refused(refusal, start, start + 0.1)
            else:
                self._event_ch.send_nowait(said(f"w{number}", start, start + 0.1))


async def test_deepgram_is_warned_and_the_metadata_repeat_it(anyio_backend: Any) -> None:
    async with serving(RefusingSTT()) as (app, _), connected(app, LISTEN) as socket:
        for _ in range(5):
            socket.send(PIECE)
        socket.send({"type": "CloseStream"})
        messages = await socket.rest()
    warnings = [message for message in messages if message["type"] == "Warning"]
    assert [warning["code"] for warning in warnings] == ["AUDIO_LOST"]
    assert warnings[0]["end"] - warnings[0]["start"] == pytest.approx(0.1)
    assert len(messages[-1]["lost"]) == 1
    texts = [
        each["channel"]["alternatives"][0]["transcript"] for each in messages if "channel" in each
    ]
    assert [text for text in texts if text] == ["w1", "w3", "w4", "w5"]


async def test_realtime_is_told_by_an_error_and_goes_on(anyio_backend: Any) -> None:
    async with serving(RefusingSTT()) as (app, _), connected(app, "/v1/realtime") as socket:
        socket.send(update(turn_detection=None))
        for _ in range(5):
            socket.send(append())
        socket.send({"type": "input_audio_buffer.commit"})
        messages = await until(socket, "conversation.item.input_audio_transcription.completed")
    errors = [message["error"]["code"] for message in messages if message["type"] == "error"]
    assert errors == ["audio_lost"]
    assert messages[-1]["transcript"] == "w1 w3 w4 w5"


async def test_vosk_finds_it_in_its_last_result(anyio_backend: Any) -> None:
    async with serving(RefusingSTT()) as (app, _), connected(app, "/") as socket:
        answers = []
        for _ in range(5):
            socket.send(PIECE)
            answers.append(await socket.receive())
        socket.send('{"eof" : 1}')
        answers += await socket.rest()
    assert any("lost" in answer for answer in answers)


@pytest.mark.real_time
@pytest.mark.parametrize("stream", ["true", "false"])
async def test_a_recording_is_answered_with_an_error_and_not_with_part_of_it(
    anyio_backend: Any, stream: str
) -> None:
    async with serving(RefusingSTT()) as (app, _):
        body = form([("stream", stream)], wav())
        path = "/v1/audio/transcriptions"
        answer = await request(app, "POST", path, body, content_type=FORM)
        listen = await request(app, "POST", "/v1/listen", wav())
    if stream == "true":
        last = [line for line in answer.text.splitlines() if line][-1]
        error = json.loads(last.removeprefix("data: "))["error"]
    else:
        assert answer.status == 502
        error = answer.json()["error"]
    assert "0.100 s of 1.000 s could not be recognised" in error["message"]
    assert listen.status == 502
    assert "could not be recognised" in listen.json()["err_msg"]


@pytest.mark.real_time
@pytest.mark.parametrize("path", ["/v1/audio/transcriptions", "/inference", "/v1/listen"])
async def test_a_recording_that_is_cut_off_is_refused_and_not_taken_for_all_there_is(
    anyio_backend: Any, path: str
) -> None:
    cut = wav()[:-16000]
    stt = ScriptedSTT([HearAll(), Say(said("half of it", 0.0, 0.5))])
    body, kind = (cut, "audio/wav") if path == "/v1/listen" else (form([], cut), FORM)
    async with serving(stt) as (app, _):
        answer = await request(app, "POST", path, body, content_type=kind)
    assert answer.status == 400
    assert "0.500 s to 1.000 s cannot be read" in answer.text


@pytest.mark.real_time
async def test_the_end_of_a_stream_of_words_tells_that_the_recording_was_cut_off(
    anyio_backend: Any,
) -> None:
    stt = ScriptedSTT([HearAll(), Say(said("half of it", 0.0, 0.5))])
    async with serving(stt) as (app, _):
        body = form([("stream", "true")], wav()[:-16000])
        answer = await request(app, "POST", "/v1/audio/transcriptions", body, content_type=FORM)
    first, last = (json.loads(each[6:]) for each in answer.text.split("\n\n") if each)
    assert first["delta"] == "half of it"
    assert last["error"]["type"] == "invalid_request_error"
    assert "0.500 s to 1.000 s cannot be read" in last["error"]["message"]


@pytest.mark.real_time
async def test_a_stream_in_a_container_is_told_what_of_it_was_cut_off(anyio_backend: Any) -> None:
    stt = ScriptedSTT([HearAll(), Say(said("half of it", 0.0, 0.5))])
    async with serving(stt) as (app, _), connected(app, "/v1/listen") as socket:
        socket.send(wav()[:-16000])
        socket.send({"type": "CloseStream"})
        messages = await socket.rest()
    [warning] = [each for each in messages if each["type"] == "Warning"]
    metadata = messages[-1]
    assert (warning["code"], warning["start"], warning["end"]) == ("AUDIO_LOST", 0.5, 1.0)
    assert metadata["lost"] == [[0.5, 1.0]]


@pytest.mark.real_time
async def test_what_comes_behind_a_recording_is_refused_unless_it_is_small(
    anyio_backend: Any,
) -> None:
    async with serving(ScriptedSTT([HearAll()])) as (app, _):
        async with connected(app, "/v1/listen") as socket:
            socket.send(wav() + b"LIST\4\0\0\0abcd")
            socket.send(b"id3\0")
            socket.send({"type": "CloseStream"})
            tagged = await socket.rest()
        async with connected(app, "/v1/listen") as socket:
            for _ in range(2):
                socket.send(wav())
            socket.send({"type": "CloseStream"})
            twice = await socket.rest()
    assert [each["type"] for each in tagged] == ["Metadata"]
    assert [each["type"] for each in twice] == ["Error"]
    assert "behind the end of the recording" in twice[0]["description"]


@pytest.mark.real_time
@pytest.mark.parametrize("data", [b"RIFF", wav(0.0), b"<html>" * 1000])
async def test_who_has_said_goodbye_is_not_kept_waiting_for_audio_that_is_none(
    anyio_backend: Any, data: bytes
) -> None:
    stt = ScriptedSTT([HearAll()])
    async with serving(stt) as (app, _), connected(app, "/v1/listen") as socket:
        socket.send(data)
        socket.send({"type": "CloseStream"})
        messages = await socket.rest()
    assert [each["type"] for each in messages] == ["Error"]
    assert socket.closing is not None
    assert socket.closing["code"] == 1008
