"""Wyoming's events, both ways, also against the reference implementation."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt import APIConnectionError, APIError, SpeechEvent, SpeechEventType
from anyio_stt.testing import tone
from anyio_stt.wire.wyoming import WyomingSession
from anyio_stt.wire.wyoming_events import WyomingDecoder, encode_event
from tests.wire.test_deepgram import JSON

EVENTS = st.tuples(
    st.text("abc-", min_size=1, max_size=8),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9), max_size=3),
    st.binary(max_size=40),
)


@given(st.lists(EVENTS, max_size=4), st.data())
def test_events_come_out_whole_however_they_are_cut(
    events: list[tuple[str, dict[str, object], bytes]], data: st.DataObject
) -> None:
    raw = b"".join(encode_event(*event) for event in events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    edges = [0, *cuts, len(raw)]
    decoder, out = WyomingDecoder(), []
    for first, last in pairwise(edges):
        decoder.feed(raw[first:last])
        while (event := decoder.next()) is not None:
            out.append(event)
    assert out == [({"type": kind, "data": body}, payload) for kind, body, payload in events]


@given(EVENTS)
def test_the_reference_implementation_reads_what_we_write(
    event: tuple[str, dict[str, object], bytes],
) -> None:
    reference = pytest.importorskip("wyoming.event")
    read = reference.read_event(io.BytesIO(encode_event(*event)))
    assert (read.type, read.data, read.payload or b"") == event


@given(EVENTS)
def test_we_read_what_the_reference_implementation_writes(
    event: tuple[str, dict[str, object], bytes],
) -> None:
    reference = pytest.importorskip("wyoming.event")
    out = io.BytesIO()
    reference.write_event(reference.Event(event[0], event[1], event[2] or None), out)
    decoder = WyomingDecoder()
    decoder.feed(out.getvalue())
    assert decoder.next() == ({"type": event[0], "data": event[1]}, event[2])


@given(st.binary(max_size=80))
def test_bytes_that_are_no_event_are_refused_and_nothing_else_is_raised(raw: bytes) -> None:
    decoder = WyomingDecoder()
    decoder.feed(raw + b"\n")
    with suppress(ValueError):
        decoder.next()


@given(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["transcript", "transcript-chunk", "error", "x"])},
        optional={"data": JSON},
    ).map(json.dumps)
)
def test_whatever_a_server_says_is_events_or_an_api_error(message: str) -> None:
    with suppress(APIError):
        assert all(
            isinstance(event, SpeechEvent)
            for event in WyomingSession(0.0, transcribe={}).receive(message)
        )


def test_an_utterance_is_announced_once_and_stopped_once() -> None:
    ours = WyomingSession(0.0, transcribe={"name": "m"}, language="de")
    messages = [*ours.audio(tone(0.1)), *ours.audio(tone(0.1)), *ours.flush(), *ours.ending()]
    decoder = WyomingDecoder()
    for message in messages:
        assert isinstance(message, bytes)
        decoder.feed(message)
    kinds = []
    while (event := decoder.next()) is not None:
        kinds.append(event[0]["type"])
    assert kinds == ["transcribe", "audio-start", "audio-chunk", "audio-chunk", "audio-stop"]
    assert ours.over


def test_nothing_said_is_nothing_asked() -> None:
    ours = WyomingSession(0.0, transcribe={})
    assert (*ours.flush(), *ours.ending()) == ()
    assert ours.done


def test_chunks_grow_into_the_transcript() -> None:
    ours = WyomingSession(0.0, transcribe={})
    list(ours.audio(tone(0.5)))
    said = [
        event
        for kind, text in (
            ("transcript-chunk", "a "),
            ("transcript-chunk", "b"),
            ("transcript", "a b"),
        )
        for event in ours.receive(json.dumps({"type": kind, "data": {"text": text}}))
    ]
    assert [event.alternatives[0].text for event in said] == ["a", "a b", "a b"]
    assert said[-1].type is SpeechEventType.FINAL_TRANSCRIPT
    assert said[-1].alternatives[0].end_time == 0.5


def test_a_guess_that_never_ends_is_refused() -> None:
    ours = WyomingSession(0.0, transcribe={})
    chunk = json.dumps({"type": "transcript-chunk", "data": {"text": "word " * 20_000}})
    with pytest.raises(
        APIConnectionError, match=r"Wyoming sent more than 262144 .* flush"
    ) as caught:
        for _ in range(3):
            ours.receive(chunk)
    assert not caught.value.retryable
