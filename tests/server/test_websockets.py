"""Streams over websockets, by each protocol, on virtual time."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

import anyio
import pytest

from anyio_stt import APIConnectionError, AudioFrame, SpeechEvent, SpeechEventType
from anyio_stt.server import ServerOptions
from anyio_stt.server.live import LiveConnection
from anyio_stt.testing import (
    Fail,
    Hang,
    Hear,
    HearAll,
    HearMarker,
    Repeat,
    Say,
    ScriptedSTT,
)
from anyio_stt.testing.heard import Heard
from anyio_stt.testing.servers import say_words
from anyio_stt.wire.server_session import Command
from anyio_stt.wire.session import Message
from anyio_stt.wire.vosk_server import VoskServerSession
from tests.server.asgi import connected, serving
from tests.server.test_openai_rest import said
from tests.server.words_engine import WordsSTT

LISTEN = "/v1/listen?encoding=linear16&sample_rate=16000"
PIECE = bytes(3200)  # a tenth of a second

START = SpeechEvent(SpeechEventType.START_OF_SPEECH, time=0.0)


def interim(text: str, start: float, end: float) -> SpeechEvent:
    data = said(text, start, end).alternatives[0]
    return SpeechEvent(SpeechEventType.INTERIM_TRANSCRIPT, alternatives=[data])


def end(time: float) -> SpeechEvent:
    return SpeechEvent(SpeechEventType.END_OF_SPEECH, time=time)


def talker() -> ScriptedSTT:
    return ScriptedSTT([
        Hear(0.2), Say(START), Say(interim("hel", 0.0, 0.2)),
        Hear(0.5), Say(said("hello there", 0.0, 0.5)), Say(end(0.5)),
        HearAll(), Say(said("you", 0.5, 1.0)),
    ])  # fmt: skip


def all_of(heard: Heard) -> SpeechEvent:
    before = heard.markers[-2] if len(heard.markers) > 1 else 0.0
    return said(f"words{len(heard.markers)}", before, heard.seconds)


def flusher() -> ScriptedSTT:
    """Says what it heard at each marker, and the rest at the end."""
    return ScriptedSTT([Repeat([HearMarker(), Say(all_of)])])


# ---- Deepgram


async def test_deepgram_results_interims_and_ends_come_as_they_are_said(
    anyio_backend: Any,
) -> None:
    query = "&interim_results=true&vad_events=true&utterance_end_ms=1000&punctuate=true"
    async with serving(talker()) as (app, _), connected(app, LISTEN + query) as socket:
        assert socket.opening["type"] == "websocket.accept"
        assert (b"x-anyio-stt-ignored", b"punctuate") in socket.opening["headers"]
        for _ in range(10):
            socket.send(PIECE)
        socket.send({"type": "KeepAlive"})
        socket.send({"type": "CloseStream"})
        messages = await socket.rest()
    kinds = [message["type"] for message in messages]
    assert kinds[0] == "SpeechStarted"
    assert kinds[-1] == "Metadata"
    results = [message for message in messages if message["type"] == "Results"]
    texts = [
        (each["channel"]["alternatives"][0]["transcript"], each["is_final"]) for each in results
    ]
    assert texts[:2] == [("hel", False), ("hello there", True)]
    assert ("you", True) in texts
    assert any(each["speech_final"] for each in results)
    assert {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 0.5} in messages
    assert messages[-1]["duration"] == 1.0
    assert socket.closing == {"type": "websocket.close", "code": 1000, "reason": ""}


async def test_deepgram_finalize_is_answered(anyio_backend: Any) -> None:
    async with serving(flusher()) as (app, _), connected(app, LISTEN) as socket:
        socket.send(PIECE)
        socket.send({"type": "Finalize"})
        messages = [await socket.receive()]
        while not messages[-1]["from_finalize"]:
            messages.append(await socket.receive())
        assert messages[0]["channel"]["alternatives"][0]["transcript"] == "words1"
        socket.send({"type": "CloseStream"})
        await socket.rest()


async def test_deepgram_channels_are_heard_apart(anyio_backend: Any) -> None:
    stt = ScriptedSTT([HearAll(), Say(said("hello", 0.0, 0.05))])
    target = LISTEN + "&channels=2&multichannel=true"
    async with serving(stt) as (app, _), connected(app, target) as socket:
        socket.send(PIECE)
        socket.send(b"")
        messages = await socket.rest()
    channels = {
        tuple(each["channel_index"])
        for each in messages
        if each["type"] == "Results" and each["channel"]["alternatives"][0]["transcript"]
    }
    assert channels == {(0, 2), (1, 2)}


@pytest.mark.parametrize(
    "query",
    ["", "?encoding=linear16", "?encoding=mp9&sample_rate=8000", "?diarize=true",
     "?encoding=linear16&sample_rate=0", "?encoding=linear16&sample_rate=x", "?mumble=1"],
)  # fmt: skip
async def test_deepgram_refuses_what_it_does_not_serve_before_it_opens(
    anyio_backend: Any, query: str
) -> None:
    async with serving(talker()) as (app, _), connected(app, "/v1/listen" + query) as socket:
        if query == "":  # audio in a container says itself what it is
            assert socket.opening["type"] == "websocket.accept"
            return
        assert socket.opening["status"] == 400
        assert "err_msg" in json.loads((await socket.raw())["body"])


async def test_garbage_ends_a_deepgram_stream_with_a_reason(anyio_backend: Any) -> None:
    async with serving(talker()) as (app, _), connected(app, LISTEN) as socket:
        socket.send("[" * 5000)
        messages = await socket.rest()
    assert messages[0]["type"] == "Error"
    assert socket.closing is not None
    assert socket.closing["code"] == 1008


async def test_a_failed_engine_is_told_and_the_socket_closed(anyio_backend: Any) -> None:
    stt = ScriptedSTT([Hear(0.1), Fail(APIConnectionError("the way is lost", retryable=False))])
    async with serving(stt) as (app, _), connected(app, LISTEN) as socket:
        socket.send(PIECE)
        messages = await socket.rest()
    assert messages[-1]["description"] == "the way is lost"
    assert socket.closing is not None
    assert socket.closing["code"] == 1011


async def test_a_client_that_breaks_off_leaves_nothing(anyio_backend: Any) -> None:
    stt = ScriptedSTT([HearAll(), Hang()])
    async with serving(stt) as (app, service):
        async with connected(app, LISTEN) as socket:
            socket.send(PIECE)
            await anyio.wait_all_tasks_blocked()
            outcomes = [stt.heard[0].outcome]
        await service.wait_idle()
    assert [*outcomes, stt.heard[0].outcome] == ["running", "cancelled"]


async def test_a_client_that_says_nothing_is_hung_up_on(anyio_backend: Any) -> None:
    stt = ScriptedSTT([HearAll(), Say(said("words", 0.0, 0.1))])
    options = ServerOptions(hosts=(), client_timeout=5)
    async with serving(stt, options) as (app, _), connected(app, LISTEN) as socket:
        socket.send(PIECE)
        messages = await socket.rest()
    assert messages[0]["channel"]["alternatives"][0]["transcript"] == "words"
    assert socket.closing is not None
    assert socket.closing["code"] == 1011
    assert "nothing came" in socket.closing["reason"]


async def test_an_engine_that_takes_nothing_ends_the_stream(anyio_backend: Any) -> None:
    options = ServerOptions(hosts=(), max_pending_audio=1.0, stall_timeout=3)
    stt = ScriptedSTT([Hear(0.1), Hang()])
    async with serving(stt, options) as (app, _), connected(app, LISTEN) as socket:
        for _ in range(20):
            socket.send(PIECE)
        messages = await socket.rest()
    assert "took nothing for 3 s" in messages[-1]["description"]


async def test_a_stream_that_is_too_long_ends_with_a_reason(anyio_backend: Any) -> None:
    options = ServerOptions(hosts=(), max_audio=0.3)
    async with serving(talker(), options) as (app, _), connected(app, LISTEN) as socket:
        for _ in range(5):
            socket.send(PIECE)
        await socket.rest()
    assert socket.closing is not None
    assert socket.closing["code"] == 1008


async def test_one_stream_too_many_is_told_when_to_come_again(anyio_backend: Any) -> None:
    options = ServerOptions(hosts=(), max_streams=1)
    async with serving(talker(), options) as (app, _):
        async with connected(app, LISTEN), connected(app, LISTEN) as second:
            assert second.opening["status"] == 429
            assert (b"retry-after", b"5") in second.opening["headers"]
        async with connected(app, LISTEN) as third:
            assert third.opening["type"] == "websocket.accept"


async def test_the_end_of_the_server_says_what_is_left_and_refuses_the_rest(
    anyio_backend: Any,
) -> None:
    stt = ScriptedSTT([HearAll(), Say(said("last words", 0.0, 0.1))])
    async with serving(stt) as (app, service), connected(app, LISTEN) as socket:
        socket.send(PIECE)
        await anyio.wait_all_tasks_blocked()
        service.drain()
        messages = await socket.rest()
        async with connected(app, LISTEN) as late:
            assert late.opening["status"] == 503
    assert messages[0]["channel"]["alternatives"][0]["transcript"] == "last words"
    assert socket.closing == {"type": "websocket.close", "code": 1001, "reason": "the server ends"}


async def test_the_server_may_end_while_a_connection_that_was_lost_ends(
    anyio_backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(talker()) as (app, service):
        counted = service.metrics.opened

        def opened(protocol: str, change: int) -> None:
            counted(protocol, change)
            if change < 0:  # no task of it can be started any more, and it is still known
                service.drain()

        monkeypatch.setattr(service.metrics, "opened", opened)
        async with connected(app, LISTEN) as socket:
            await socket.from_app.aclose()
            socket.send({"type": "Finalize"})  # is answered, without a stream too
            await anyio.wait_all_tasks_blocked()


# ---- OpenAI Realtime


def append(piece: bytes = PIECE) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(piece).decode()}


def update(**audio: Any) -> dict[str, Any]:
    entry = {"format": {"type": "audio/pcm", "rate": 16000}, **audio}
    return {
        "type": "session.update",
        "session": {"type": "transcription", "audio": {"input": entry}},
    }


async def until(socket: Any, kind: str) -> list[dict[str, Any]]:
    messages = [await socket.receive()]
    while messages[-1]["type"] != kind:
        messages.append(await socket.receive())
    return messages


DONE = "conversation.item.input_audio_transcription.completed"


async def test_deepgram_clients_stay_by_keep_alives(anyio_backend: Any) -> None:
    async with serving(talker()) as (app, _), connected(app, LISTEN) as socket:
        for _ in range(10):
            await anyio.sleep(20)
            socket.send({"type": "KeepAlive"})
        socket.send({"type": "CloseStream"})
        assert (await socket.rest())[-1]["type"] == "Metadata"


async def test_realtime_utterances_are_those_of_the_engine(anyio_backend: Any) -> None:
    path = "/v1/realtime?intent=transcription"
    async with serving(talker()) as (app, _), connected(app, path) as socket:
        socket.send(update(transcription={"model": "gpt-4o-transcribe"}))
        for _ in range(6):
            socket.send(append())
        messages = await until(socket, DONE)
    kinds = [message["type"].rpartition(".")[2] for message in messages]
    assert kinds == [
        "created", "updated", "speech_started", "delta", "speech_stopped", "committed", "added",
        "done", "completed",
    ]  # fmt: skip
    assert messages[-1]["transcript"] == "hello there"
    assert messages[4]["audio_end_ms"] == 500
    assert len({message.get("item_id") for message in messages[2:6]}) == 1


async def test_realtime_commits_are_the_utterances_where_turns_are_not_detected(
    anyio_backend: Any,
) -> None:
    async with serving(flusher()) as (app, _), connected(app, "/v1/realtime") as socket:
        socket.send(update(turn_detection=None))
        texts = []
        for _ in range(2):
            socket.send(append())
            socket.send({"type": "input_audio_buffer.commit"})
            messages = await until(socket, DONE)
            texts.append((messages[-1]["item_id"], messages[-1]["transcript"]))
        socket.send({"type": "input_audio_buffer.commit"})
        empty = (await until(socket, "error"))[-1]
    assert texts == [("item_000001", "words1"), ("item_000002", "words2")]
    assert empty["error"]["code"] == "input_audio_buffer_commit_empty"


async def test_realtime_clients_may_be_silent_for_minutes(anyio_backend: Any) -> None:
    async with serving(flusher()) as (app, _), connected(app, "/v1/realtime") as socket:
        socket.send(update(turn_detection=None))
        await until(socket, "session.updated")
        await anyio.sleep(300)
        socket.send(append())
        socket.send({"type": "input_audio_buffer.commit"})
        assert (await until(socket, DONE))[-1]["transcript"] == "words1"
        await anyio.sleep(700)
        assert await socket.rest() == []  # not for ever, though


async def test_realtime_clearing_comes_after_what_was_committed(anyio_backend: Any) -> None:
    async with serving(flusher()) as (app, _), connected(app, "/v1/realtime") as socket:
        socket.send(update(turn_detection=None))
        socket.send(append())
        socket.send({"type": "input_audio_buffer.commit"})
        socket.send({"type": "input_audio_buffer.clear"})
        messages = await until(socket, "input_audio_buffer.cleared")
    assert messages[-2]["type"] == DONE


async def test_realtime_audio_that_was_cleared_is_not_transcribed(anyio_backend: Any) -> None:
    async with serving(flusher()) as (app, _), connected(app, "/v1/realtime") as socket:
        socket.send(update(turn_detection=None))
        socket.send(append())
        socket.send({"type": "input_audio_buffer.clear"})
        await until(socket, "input_audio_buffer.cleared")
        socket.send(append())
        socket.send({"type": "input_audio_buffer.commit"})
        messages = await until(socket, DONE)
    assert messages[-1]["transcript"] == "words2"


@pytest.mark.parametrize(
    "message",
    [
        "no json", "[]", "{}", b"\x00", {"type": "response.create"},
        {"type": "input_audio_buffer.append"}, {"type": "input_audio_buffer.append", "audio": "?"},
        {"type": "session.update"}, {"type": "session.update", "session": {"type": "realtime"}},
        update(transcription={"prompt": "Ada"}), update(turn_detection={"type": "psychic"}),
        update(format={"type": "audio/mp3"}), update(format={"type": "audio/pcm", "rate": "x"}),
    ],
)  # fmt: skip
async def test_realtime_errors_leave_the_session_open(anyio_backend: Any, message: Any) -> None:
    async with serving(talker()) as (app, _), connected(app, "/v1/realtime") as socket:
        socket.send(message)
        error = (await until(socket, "error"))[-1]["error"]
        assert error["type"] == "invalid_request_error"
        socket.send(update())
        assert (await socket.receive())["type"] == "session.updated"


async def test_the_older_session_of_realtime_is_understood(anyio_backend: Any) -> None:
    async with serving(talker()) as (app, _), connected(app, "/v1/realtime") as socket:
        older = {
            "input_audio_format": "g711_ulaw",
            "input_audio_transcription": {"model": "whisper-1", "language": "en"},
            "turn_detection": {"type": "server_vad", "threshold": 0.5},
        }
        socket.send({"type": "transcription_session.update", "session": older})
        updated = (await until(socket, "transcription_session.updated"))[-1]["session"]
    assert updated["audio"]["input"]["format"] == {"type": "audio/pcmu", "rate": 8000}
    assert updated["ignored"] == ["turn_detection.threshold"]


# ---- Vosk


async def test_vosk_answers_each_piece_of_audio_once(anyio_backend: Any) -> None:
    async with serving(talker()) as (app, _), connected(app, "/") as socket:
        socket.send({"config": {"sample_rate": 16000, "words": True}})
        answers = []
        for _ in range(10):
            socket.send(PIECE)
            answers.append(await socket.receive())
            await anyio.wait_all_tasks_blocked()
        socket.send('{"eof" : 1}')
        answers += await socket.rest()
    assert len(answers) == 11
    assert {"partial": "hel"} in answers
    finals = [answer["text"] for answer in answers if "text" in answer]
    assert " ".join(finals) == "hello there you"
    assert answers[-1]["result"][0]["word"] == "you"


async def test_vosk_answers_a_reset_before_the_next_piece(anyio_backend: Any) -> None:
    async with serving(flusher()) as (app, _), connected(app, "/") as socket:
        socket.send(PIECE)
        socket.send('{"reset" : 1}')
        socket.send(PIECE)
        answers = [await socket.receive() for _ in range(3)]
    assert [answer.get("text") for answer in answers] == [None, "words1", None]


async def test_a_path_that_is_no_websocket_is_not_found(anyio_backend: Any) -> None:
    async with serving(talker()) as (app, _), connected(app, "/v3") as socket:
        assert socket.opening["status"] == 404


@pytest.mark.real_time
async def test_a_commit_in_the_middle_of_speech_has_one_answer(anyio_backend: Any) -> None:
    speech, quiet = say_words([1, 2, 3], pause=0.0).pcm, bytes(6400)
    async with serving(WordsSTT()) as (app, _), connected(app, "/v1/realtime") as socket:
        socket.send(update())
        socket.send(append(speech))
        socket.send({"type": "input_audio_buffer.commit"})
        first = await until(socket, DONE)
        socket.send(append(quiet))
        socket.send({"type": "input_audio_buffer.commit"})
        second = await until(socket, "error")
    kinds = [each["type"] for each in first]
    assert kinds.count("input_audio_buffer.committed") == 1
    assert "input_audio_buffer.speech_stopped" not in kinds  # which servers say unasked
    assert first[-1]["transcript"] == "w1 w2 w3"
    assert [each["error"]["code"] for each in second] == ["input_audio_buffer_commit_empty"]


class _Talking:
    """A client that says something while it is being hung up on."""

    def __init__(self) -> None:
        self.closing, self.said = anyio.Event(), anyio.Event()
        self.codes: list[int] = []

    async def receive(self) -> Iterable[Command]:
        if self.closing.is_set():
            self.said.set()
            await anyio.sleep_forever()
        await self.closing.wait()
        return (AudioFrame(PIECE, 16000, 1, 1600),)

    async def send(self, message: Message) -> None:
        raise AssertionError(message)

    async def close(self, code: int, _: str) -> None:
        self.closing.set()
        await self.said.wait()
        self.codes.append(code)


async def test_hanging_up_is_not_cut_short_by_what_the_client_says_meanwhile(
    anyio_backend: Any,
) -> None:
    peer, session = _Talking(), VoskServerSession()
    async with (
        serving(ScriptedSTT([HearAll()])) as (_, service),
        anyio.create_task_group() as tasks,
    ):
        connection = LiveConnection(service, peer, session, apart=False, protocol="vosk")
        tasks.start_soon(connection.run)
        await anyio.wait_all_tasks_blocked()
        connection.end()
    assert peer.codes == [1001]
