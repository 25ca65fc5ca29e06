"""Whatever a peer sends at a boundary: events within the audio or an `APIError`, and no more."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import APIError, SpeechEvent
from anyio_stt.testing import silence
from anyio_stt.wire.answers import guarded_answer, read_answer
from anyio_stt.wire.deepgram import DeepgramSession, read_recording
from anyio_stt.wire.deepgram_flux import FluxSession
from anyio_stt.wire.fields import fitted
from anyio_stt.wire.openai import StreamedTranscript, read_transcription
from anyio_stt.wire.openai_realtime import RealtimeSession
from anyio_stt.wire.session import ClientSession
from anyio_stt.wire.speaches import SpeachesSession
from anyio_stt.wire.sse import ServerSentEvents
from anyio_stt.wire.vllm import VllmSession
from anyio_stt.wire.vosk import VoskSession
from anyio_stt.wire.wyoming import WyomingSession
from anyio_stt.wire.wyoming_events import WyomingDecoder, encode_event
from tests.fuzzing import many

RECORDED = Path(__file__).parents[1] / "engines" / "recorded"

SESSIONS: dict[str, Callable[[], ClientSession]] = {
    "deepgram": lambda: DeepgramSession(5.0, channels=2, multichannel=True),
    "flux": lambda: FluxSession(5.0),
    "vosk": lambda: VoskSession(5.0, config="{}"),
    "wyoming": lambda: WyomingSession(5.0, transcribe={}),
    "realtime": lambda: RealtimeSession(5.0, update={}),
    "speaches": lambda: SpeachesSession(5.0, update={}),
    "vllm": lambda: VllmSession(5.0, update={}),
}
ITEM = "conversation.item.input_audio_transcription"
KINDS = {
    "deepgram": ["Results", "SpeechStarted", "UtteranceEnd", "Metadata", "Error", "x"],
    "flux": ["TurnInfo", "TurnInfo", "TurnInfo", "Connected", "Warning", "Error", "x"],
    "vosk": [""],
    "wyoming": ["transcript", "transcript-chunk", "error", "info", "x"],
    "realtime": [
        "session.updated",
        "error",
        *(
            f"input_audio_buffer.{what}"
            for what in ("speech_started", "speech_stopped", "committed", "cleared")
        ),
        *(f"{ITEM}.{what}" for what in ("delta", "completed", "failed", "segment")),
    ],
    "vllm": ["session.created", "transcription.delta", "transcription.done", "error"],
}
KINDS["speaches"] = [*KINDS["realtime"], "input_audio_buffer.partial_transcription"]
NAMES = [
    "alternatives", "audio_end_ms", "audio_start_ms", "channel", "channel_index", "channels",
    "audio_window_end", "audio_window_start", "code", "conf", "confidence", "data", "delta",
    "description", "duration", "end", "end_of_turn_confidence", "error", "event", "event_id",
    "is_final", "item_id", "language", "languages", "last_word_end", "message",
    "metadata", "partial", "requires_external_vad", "result", "seconds", "speaker",
    "speech_final", "start", "text", "timestamp", "transcript", "turn_index", "type", "usage",
    "word", "words",
]  # fmt: skip

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([0, 1, -1, 5.0, 5.5, 1e308, 10**400, math.nan, math.inf, "", "a", "en"])
    | st.text(max_size=5)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=12,
)


def messages(name: str) -> st.SearchStrategy[str | bytes]:
    fields = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)
    kinds = st.sampled_from(KINDS[name])
    bodies = st.builds(lambda kind, body: {**body, "type": kind}, kinds, fields)
    return st.one_of(
        bodies.map(json.dumps),
        fields.map(json.dumps),
        VALUES.map(json.dumps),
        st.text(max_size=40),
        st.binary(max_size=40),
        st.integers(1, 200_000).map(lambda depth: "[" * depth),
        st.integers(1, 100_000).map(lambda depth: '{"type":' * depth),
    )


def check(session: ClientSession, said: list[str | bytes]) -> None:
    """Feed what was said to a session that has sent two seconds, from 5 s on."""
    list(session.opening())
    for _ in range(4):
        list(session.audio(silence(0.5, num_channels=2)))
    list(session.flush())
    for message in said:
        try:
            for event in session.receive(message):
                check_event(event, 5.0, 7.0)
        except APIError as exc:
            assert len(str(exc)) < 2000  # noqa: PT017 - most messages are none
    for until, _ in session.silences:
        assert math.isfinite(until)
    for error, start, end in session.refusals:
        assert isinstance(error, APIError)
        assert math.isfinite(start)
        assert math.isfinite(end)


def check_event(event: SpeechEvent, start: float, end: float) -> None:
    assert event.time is None or start <= event.time <= end
    for reading in event.alternatives:
        assert start <= reading.start_time <= reading.end_time <= end
        assert math.isfinite(reading.confidence)
        reading.text.encode()  # no half of a surrogate pair
        last = start
        for word in reading.words or ():
            assert last <= word.start_time <= word.end_time <= end
            assert reading.start_time <= word.start_time
            assert word.end_time <= reading.end_time
            last = word.start_time


@pytest.mark.heavy
@pytest.mark.parametrize("name", SESSIONS)
@many
@given(data=st.data())
def test_garbage_in_a_session_is_events_within_the_audio_or_an_api_error(
    name: str, data: st.DataObject
) -> None:
    check(SESSIONS[name](), data.draw(st.lists(messages(name), max_size=4)))


# ---- what real servers said, with something changed


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where the parts of *value* are."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(found for key, held in inner for found in leaves(held, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """Return *value* with *other* at *path*."""
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], other)
    return copy


def recorded(name: str) -> list[dict[str, Any]]:
    """Return the messages that a server was recorded to say, and one of each kind besides."""
    word = {"word": "a", "start": 0.1, "end": 0.4, "confidence": 1, "conf": 1, "speaker": 0}
    reading = {"transcript": "a", "text": "a", "confidence": 0.5, "words": [word], "result": [word]}
    results = {
        "type": "Results", "channel_index": [0, 2], "start": 0.0, "duration": 1.5,
        "is_final": True, "speech_final": True, "channel": {"alternatives": [reading]},
    }  # fmt: skip
    item = {"item_id": "a", "audio_start_ms": 100, "audio_end_ms": 900, "delta": "a",
            "transcript": "a", "usage": {"seconds": 1.0, "input_tokens": 1},
            "error": {"type": "x", "code": "y", "message": "z"}}  # fmt: skip
    turn = {
        "type": "TurnInfo", "turn_index": 0, "audio_window_start": 0.0, "audio_window_end": 1.5,
        "transcript": "a", "words": [word], "end_of_turn_confidence": 0.5, "languages": ["en"],
    }  # fmt: skip
    events = ("StartOfTurn", "Update", "EagerEndOfTurn", "TurnResumed", "EndOfTurn")
    samples: dict[str, list[dict[str, Any]]] = {
        "flux": [{**turn, "event": event} for event in events],
        "deepgram": [results, {**results, "is_final": False}],
        "vosk": [{"partial": "a"}, reading, {"alternatives": [reading]}],
        "wyoming": [{"type": kind, "data": {"text": "a"}} for kind in KINDS["wyoming"]],
    }
    return samples.get(name) or [{"type": kind, **item} for kind in KINDS[name]]


@pytest.mark.heavy
@pytest.mark.parametrize("name", SESSIONS)
@many
@given(data=st.data())
def test_a_message_of_the_protocol_with_a_part_changed_is_no_harm(
    name: str, data: st.DataObject
) -> None:
    said: list[str | bytes] = []
    for _ in range(data.draw(st.integers(1, 3))):
        message = data.draw(st.sampled_from(recorded(name)))
        path = data.draw(st.sampled_from(leaves(message)))
        text = json.dumps(changed(message, path, data.draw(VALUES)))
        cut = data.draw(st.none() | st.integers(0, len(text)))
        said.append(text if cut is None else text[:cut])
    check(SESSIONS[name](), said)


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["deepgram", "openai"])
@many
@given(data=st.data())
def test_an_answer_with_a_part_changed_is_a_transcript_or_an_api_error(
    name: str, data: st.DataObject
) -> None:
    word = {"word": "a", "start": 0.1, "end": 0.4}
    body: Any = {"text": "a", "language": "en", "words": [word], "usage": {"seconds": 1}}
    if name == "deepgram":
        channel = {
            "alternatives": [{"transcript": "a", "words": [word]}],
            "detected_language": "en",
        }
        body = {"metadata": {"duration": 2.0}, "results": {"channels": [channel, channel]}}
    path = data.draw(st.sampled_from(leaves(body)))
    text = json.dumps(changed(body, path, data.draw(VALUES)))

    def read(found: Any) -> SpeechEvent:
        event = (
            read_recording(found, "en")
            if name == "deepgram"
            else read_transcription(found, "en", start=0.0, end=2.0)
        )
        return fitted(event, 0.0, 2.0)

    try:
        check_event(read_answer("somewhere", name, text.encode(), read), 0.0, 2.0)
    except APIError as exc:
        assert "somewhere answered" in str(exc)  # noqa: PT017 - most answers are none


@pytest.mark.heavy
@many
@given(
    st.lists(
        st.binary(max_size=60) | VALUES.map(lambda v: b"data: %b\n\n" % json.dumps(v).encode())
    )
)
def test_garbage_in_server_sent_events_is_a_transcript_or_an_api_error(pieces: list[bytes]) -> None:
    events, transcript = ServerSentEvents(), StreamedTranscript("somewhere")
    for piece in pieces:
        try:
            with guarded_answer("somewhere", "OpenAI", piece):
                for each in events.feed(piece):
                    transcript.add(each)
        except APIError:
            return
    try:
        with guarded_answer("somewhere", "OpenAI", ""):
            read_transcription(transcript.answer(), "en", start=0.0, end=2.0)
    except APIError:
        pass


@pytest.mark.heavy
@many
@given(
    st.lists(
        st.binary(max_size=60)
        | VALUES.map(lambda v: json.dumps(v).encode() + b"\n")
        | st.builds(
            lambda head, body: json.dumps(head).encode() + b"\n" + body,
            st.dictionaries(
                st.sampled_from(["type", "data", "data_length", "payload_length"]), VALUES
            ),
            st.binary(max_size=20),
        )
        | st.just(encode_event("transcript", {"text": "a"}))
    )
)
def test_garbage_in_wyomings_framing_is_events_or_a_value_error(pieces: list[bytes]) -> None:
    decoder = WyomingDecoder()
    for piece in pieces:
        decoder.feed(piece)
        try:
            while (event := decoder.next()) is not None:
                assert isinstance(event[0]["data"], dict)
        except ValueError:
            return
