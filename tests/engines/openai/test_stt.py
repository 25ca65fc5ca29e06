"""OpenAI's transcriptions of recordings, at once and utterance by utterance."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from anyio_stt import (
    STT,
    APIConnectionError,
    APIConnectOptions,
    APIError,
    APITimeoutError,
    SpeechEventType,
)
from anyio_stt.engines.openai import OpenAISTT
from anyio_stt.engines.openai import stream as stream_module
from anyio_stt.testing import assert_no_leaks
from anyio_stt.testing.servers import (
    Action,
    Fault,
    FaultServer,
    Moment,
    OpenAIServer,
    say_words,
    word_name,
)
from anyio_stt.testing.servers.link import Link
from anyio_stt.testing.servers.web import WebResponse
from tests.engines.fault_matrix import (
    IN_A_REQUEST,
    REQUEST_GARBAGE,
    REQUEST_HANGS,
    REQUEST_HARMLESS,
    Cell,
    breaks,
    check_cells,
    matrix,
    recording,
    statuses,
)

pytestmark = pytest.mark.real_time


def engine(server: FaultServer, **options: Any) -> STT:
    return OpenAISTT(base_url=server.base_url, api_key=server.api_key, **options)


@pytest.mark.parametrize("deltas", [True, False])
@matrix(statuses(), REQUEST_HANGS, breaks(*IN_A_REQUEST), REQUEST_HARMLESS)
async def test_each_fault_ends_the_stream_in_time_with_the_right_error(
    cells: list[Cell], deltas: bool
) -> None:
    await check_cells(cells, OpenAIServer, lambda server: engine(server, deltas=deltas))


@matrix(REQUEST_GARBAGE)
async def test_garbage_for_an_answer_is_retryable(cells: list[Cell]) -> None:
    await check_cells(cells, OpenAIServer, lambda server: engine(server, deltas=False))


@matrix(statuses(), REQUEST_HANGS, breaks(*IN_A_REQUEST), REQUEST_GARBAGE, REQUEST_HARMLESS)
async def test_each_fault_ends_a_recording_in_time_with_the_right_error(
    cells: list[Cell],
) -> None:
    await check_cells(cells, OpenAIServer, engine, recording)


@pytest.mark.parametrize("deltas", [True, False])
async def test_each_flush_is_a_request_and_a_failed_one_is_made_again(deltas: bool) -> None:
    faults = [Fault(Action.RESET, Moment.FINAL), None, Fault(Action.STATUS, status=503)]
    texts, guesses = [], []
    with anyio.fail_after(10):
        async with (
            assert_no_leaks(),
            OpenAIServer(faults) as server,
            engine(server, deltas=deltas) as stt,
            stt.stream(conn_options=APIConnectOptions(retry_interval=0.05)) as stream,
        ):
            for first in (1, 4, 7):
                stream.push_frame(say_words(range(first, first + 3)))
                stream.flush()
            stream.end_input()
            async for event in stream:
                best = event.alternatives[0] if event.alternatives else None
                if best and event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    texts.append((best.text, round(best.start_time, 3)))
                elif best:
                    guesses.append(best.text)
    assert texts == [("w1 w2 w3", 0.0), ("w4 w5 w6", 1.3), ("w7 w8 w9", 2.6)]
    assert bool(guesses) is deltas


async def test_speech_without_a_flush_is_asked_in_pieces_and_no_word_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_module, "MAX_UTTERANCE", 3.0)
    monkeypatch.setattr(stream_module, "_LAST_PAUSE", 1.5)
    numbers = list(range(1, 81))
    frame = say_words(numbers, word=0.05, gap=0.03, pause=0.43, per_utterance=5)
    with anyio.fail_after(60):
        async with (
            assert_no_leaks(),
            OpenAIServer() as server,
            engine(server) as stt,
            stt.stream() as stream,
        ):
            finals = [
                event.alternatives[0]
                async for event in stream.transcribe(frame)
                if event.type is SpeechEventType.FINAL_TRANSCRIPT
            ]
    assert " ".join(final.text for final in finals).split() == list(map(word_name, numbers))
    assert len(finals) >= frame.duration / 3.0
    assert stream.statistics().dropped == 0.0


async def test_a_recording_gives_words_with_times_where_they_are_asked_for() -> None:
    with anyio.fail_after(5):
        async with OpenAIServer() as server, engine(server, words=True, model="whisper-1") as stt:
            event = await stt.recognize(say_words(range(1, 4)))
            body = server.requests[0].body
    best = event.alternatives[0]
    assert (best.text, best.language) == ("w1 w2 w3", "english")
    assert best.words is not None
    assert [(word.text, word.start_time) for word in best.words] == [
        ("w1", 0.0),
        ("w2", 0.3),
        ("w3", 0.6),
    ]
    assert b"whisper-1" in body
    assert b"timestamp_granularities[]" in body


async def test_an_answer_that_is_no_transcript_is_retryable() -> None:
    class Nonsense(OpenAIServer):
        def respond(self, _: Any) -> Any:
            return WebResponse((b'{"txt": 1}',))

    with anyio.fail_after(5):
        async with Nonsense() as server, engine(server) as stt:
            with pytest.raises(APIConnectionError, match="not a transcript") as caught:
                await stt.recognize(say_words([1]), conn_options=APIConnectOptions(max_retry=0))
    assert caught.value.retryable


class Endless(OpenAIServer):
    """Answers with what never makes a transcript; each kind in its own way."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind

    async def serve(self, link: Link) -> None:
        await link.receive()
        kind = "text/event-stream" if self._kind == "guess" else "application/json"
        await link.send(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n\r\n" % kind.encode())
        while True:
            if self._kind == "drops":
                await link.send(b" ")
                await anyio.sleep(0.05)
            elif self._kind == "guess":
                delta = {"type": "transcript.text.delta", "delta": "word " * 5000}
                await link.send(f"data: {json.dumps(delta)}\n\n".encode())
            else:
                await link.send(b" " * 100_000)


@pytest.mark.parametrize(
    ("kind", "complaint", "error", "retryable"),
    [
        ("body", "answered with more than 1000000 bytes.*base_url", APIConnectionError, False),
        ("guess", "more than 262144 characters of one utterance", APIConnectionError, False),
        ("drops", r"did not finish the transcript of 0\.7 s of audio", APITimeoutError, True),
    ],
)
async def test_an_answer_without_an_end_has_one(
    kind: str,
    complaint: str,
    error: type[APIConnectionError],
    retryable: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("anyio_stt.transports.http._MAX_ANSWER", 1_000_000)
    options = APIConnectOptions(max_retry=0, timeout=0.3, drain_timeout=0.5)
    with anyio.fail_after(5):
        async with (
            assert_no_leaks(),
            Endless(kind) as server,
            engine(server) as stt,
            stt.stream(conn_options=options) as stream,
        ):
            stream.push_frame(say_words([1]))
            stream.flush()  # the input goes on, so no deadline of the stream's counts
            with pytest.raises(error, match=complaint) as caught:
                async for _ in stream:
                    pass
    assert type(caught.value) is error
    assert caught.value.retryable is retryable


@pytest.mark.parametrize("named", [True, False])
async def test_a_failure_in_the_middle_of_a_streamed_answer_is_told(named: bool) -> None:
    class Failing(OpenAIServer):
        def respond(self, _: Any) -> Any:
            error = {"message": f"out of memory for {self.api_key}", "code": 500}
            event = {"error": error, **({"type": "error"} if named else {})}
            return WebResponse((f"data: {json.dumps(event)}\n\n".encode(),), "text/event-stream")

    once = APIConnectOptions(max_retry=0)
    told = r"reports a failure: .*out of memory for \*\*\*"
    with anyio.fail_after(5):
        async with (
            Failing() as server,
            engine(server) as stt,
            stt.stream(conn_options=once) as stream,
        ):
            stream.push_frame(say_words([1]))
            stream.end_input()
            with pytest.raises(APIError, match=told) as caught:
                async for _ in stream:
                    pass
    assert caught.value.retryable
