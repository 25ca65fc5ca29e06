"""OpenAI's messages, both ways, without a network."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import APIError, APIStatusError, SpeechEvent, SpeechEventType
from anyio_stt.testing import tone
from anyio_stt.wire.openai_realtime import RealtimeSession
from anyio_stt.wire.sse import ServerSentEvents
from tests.wire.test_deepgram import JSON

ITEM = "conversation.item.input_audio_transcription"


def session(start: float = 0.0) -> RealtimeSession:
    ours = RealtimeSession(start, update={})
    ours.sent = start + 100.0
    return ours


def tell(ours: RealtimeSession, kind: str, **fields: Any) -> list[SpeechEvent]:
    return ours.receive(json.dumps({"type": kind, "event_id": "e", **fields}))


@given(st.lists(st.text(max_size=20), max_size=5), st.data(), st.sampled_from(["\n", "\r\n"]))
def test_server_sent_events_come_out_whole_however_they_are_cut(
    said: list[str], data: st.DataObject, newline: str
) -> None:
    texts = [json.dumps(text) for text in said]
    raw = "".join(f"event: x{newline}data: {text}{newline}{newline}" for text in texts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=5)))
    events = ServerSentEvents()
    edges = [0, *cuts, len(raw)]
    pieces = [raw[first:last] for first, last in pairwise(edges)]
    assert [text for piece in pieces for text in events.feed(piece)] == texts


def test_what_belongs_to_server_sent_events_is_passed_over_and_a_garbled_line_refused() -> None:
    events = ServerSentEvents()
    said = b"\xef\xbb\xbf: hello\n\nid\nid: 1\nretry: 5\nevent: x\ndata: 1\n\n"
    assert list(events.feed(said)) == ["1"]
    with pytest.raises(ValueError, match=r"no server-sent event: '\{\{\{data: 2'"):
        list(events.feed(b"{{{data: 2\n\ndata: 3\n\n"))


@pytest.mark.parametrize("line", [b"data:\n", b"data: " + b"x" * 1000 + b"\n"])
def test_an_event_that_never_ends_is_refused_however_short_its_lines_are(line: bytes) -> None:
    events = ServerSentEvents()
    fed = 0
    with pytest.raises(ValueError, match="an event of more than 1048576 characters"):
        while fed < 2 * 1024 * 1024:
            assert list(events.feed(line * 100)) == []
            fed += 100 * len(line)
    assert fed <= 1.3 * 1024 * 1024


def test_many_events_may_be_longer_together_than_one_may_be() -> None:
    events = ServerSentEvents()
    event = b"data: " + b"x" * 600_000 + b"\n\n"
    assert [len(text) for _ in range(4) for text in events.feed(event)] == [600_000] * 4


@given(st.permutations(range(5)))
def test_transcripts_come_in_the_order_of_the_speech_whatever_their_own(order: list[int]) -> None:
    ours = session(start=10.0)
    for number in range(5):
        item = f"i{number}"
        tell(ours, "input_audio_buffer.speech_started", audio_start_ms=number * 1000, item_id=item)
        end = number * 1000 + 800
        tell(ours, "input_audio_buffer.speech_stopped", audio_end_ms=end, item_id=item)
        tell(ours, "input_audio_buffer.committed", item_id=item)
    events = [
        event
        for number in order
        for event in tell(ours, f"{ITEM}.completed", item_id=f"i{number}", transcript=f"t{number}")
        if event.type is SpeechEventType.FINAL_TRANSCRIPT
    ]
    best = [event.alternatives[0] for event in events]
    assert [reading.text for reading in best] == [f"t{number}" for number in range(5)]
    assert [reading.start_time for reading in best] == [10.0 + number for number in range(5)]
    assert [reading.end_time for reading in best] == [10.8 + number for number in range(5)]


KINDS = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    f"{ITEM}.delta",
    f"{ITEM}.completed",
    f"{ITEM}.failed",
    "error",
]


@given(
    st.binary(max_size=50)
    | st.text(max_size=50)
    | JSON.map(json.dumps)
    | st.fixed_dictionaries(
        {"type": st.sampled_from(KINDS)},
        optional=dict.fromkeys(("item_id", "audio_start_ms", "transcript", "delta", "error"), JSON),
    ).map(json.dumps)
)
def test_whatever_a_server_says_is_events_or_an_api_error(message: str | bytes) -> None:
    with suppress(APIError):
        assert all(isinstance(event, SpeechEvent) for event in session().receive(message))


def test_audio_goes_out_in_text_and_whole() -> None:
    ours, frame = session(), tone(0.1, sample_rate=24000)
    (message,) = ours.audio(frame)
    body = json.loads(message)
    assert body["type"] == "input_audio_buffer.append"
    assert base64.b64decode(body["audio"]) == frame.pcm


def test_the_session_ends_when_the_fence_is_passed_and_no_utterance_waits() -> None:
    ours = session()
    tell(ours, "input_audio_buffer.speech_started", audio_start_ms=0, item_id="a")
    list(ours.ending())
    tell(ours, "input_audio_buffer.committed", item_id="a")
    tell(ours, "input_audio_buffer.cleared")
    assert not ours.done
    tell(ours, f"{ITEM}.completed", item_id="a", transcript="last words")
    assert ours.done


def test_committing_nothing_is_no_failure_and_other_complaints_are() -> None:
    ours = session()
    list(ours.flush())
    error = {"type": "invalid_request_error", "code": "input_audio_buffer_commit_empty"}
    assert tell(ours, "error", error=error) == []
    with pytest.raises(APIError, match="bad model") as caught:
        tell(ours, "error", error={"type": "invalid_request_error", "message": "bad model"})
    assert not caught.value.retryable
    with pytest.raises(APIError) as caught:
        tell(ours, "error", error={"type": "server_error", "message": "oops"})
    assert caught.value.retryable
    with pytest.raises(APIStatusError) as refused:
        tell(ours, "error", error={"type": "x", "code": "invalid_api_key", "message": "no"})
    assert refused.value.status_code == 401


def test_a_session_that_expired_is_made_again() -> None:
    error = {"type": "invalid_request_error", "code": "session_expired", "message": "60 minutes"}
    with pytest.raises(APIError) as caught:
        tell(session(), "error", error=error)
    assert caught.value.retryable
