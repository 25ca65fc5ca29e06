"""Messages survive the pipe, however it cuts them."""

from __future__ import annotations

import math
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.workers.speech import to_event
from anyio_stt.workers.wire import (
    MAX_BODY,
    Kind,
    Message,
    MessageReader,
    WireError,
    checked,
    pack,
)
from tests.fuzzing import many, mutated

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
MESSAGES = st.one_of(
    st.builds(Message, st.just(Kind.AUDIO), audio=st.binary(max_size=4000)),
    st.builds(
        Message,
        st.sampled_from([kind for kind in Kind if kind is not Kind.AUDIO]),
        fields=st.dictionaries(st.text(), JSON, max_size=4),
    ),
)


@given(st.lists(MESSAGES, max_size=6), st.randoms(use_true_random=False))
def test_messages_come_out_as_they_went_in_wherever_the_bytes_are_cut(
    messages: list[Message], rng: object
) -> None:
    data = b"".join(map(pack, messages))
    reader, came = MessageReader(), []
    while data:
        size = rng.randint(1, 64)  # type: ignore[attr-defined]
        came += reader.feed(data[:size])
        data = data[size:]
    assert came == messages


@given(st.binary(max_size=200))
def test_any_other_bytes_are_a_wire_error_or_an_unfinished_message(data: bytes) -> None:
    try:
        messages = MessageReader().feed(data)
    except WireError:
        return
    assert all(isinstance(message.kind, Kind) for message in messages)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (struct.pack("<BI", 99, 0), "no message of kind 99"),
        (struct.pack("<BI", Kind.FINAL, 3) + b"{x}", "FINAL is no JSON"),
        (struct.pack("<BI", Kind.FINAL, 3) + b"[1]", "FINAL is no JSON object"),
        (struct.pack("<BI", Kind.AUDIO, MAX_BODY + 1), "longer than"),
        (struct.pack("<BI", Kind.FINAL, 200_000) + b"[" * 200_000, "FINAL is no JSON"),
    ],
)
def test_a_wire_error_says_what_is_wrong(data: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        MessageReader().feed(data)


def test_a_body_that_is_too_long_is_refused_before_it_is_sent() -> None:
    with pytest.raises(WireError, match=str(MAX_BODY)):
        pack(Message(Kind.AUDIO, audio=bytes(MAX_BODY + 2)))


@pytest.mark.parametrize(
    ("kind", "fields", "name"),
    [
        (Kind.HEARD, {}, "quiet"),
        (Kind.HEARD, {"quiet": "1"}, "quiet"),
        (Kind.ONSET, {"time": math.nan}, "time"),
        (Kind.OFFSET, {"time": -1.0}, "time"),
        (Kind.INTERIM, {"text": None, "start": 0, "end": 1}, "text"),
        (Kind.FINAL, {"text": "a", "words": "a"}, "words"),
        (Kind.FINAL, {"text": "a", "words": [["a", 0.0, 1.0]]}, "words"),
        (Kind.FINAL, {"text": "a", "words": [["a", 0.0, math.inf, 0.5]]}, "words"),
    ],
)
def test_what_a_worker_must_say_is_looked_for(
    kind: Kind, fields: dict[str, object], name: str
) -> None:
    with pytest.raises(WireError, match=f"{kind.name} has no {name}"):
        checked(Message(kind, fields=fields))


SPOKEN = [
    Message(Kind.READY),
    Message(Kind.HEARD, fields={"quiet": 1.5}),
    Message(Kind.ONSET, fields={"time": 0.2}),
    Message(Kind.INTERIM, fields={"text": "a", "start": 0.0, "end": 0.5}),
    Message(Kind.FINAL, fields={"words": [["a", 0.1, 0.4, 0.5]], "text": "a", "language": "en"}),
    Message(Kind.OFFSET, fields={"time": 0.5}),
    Message(Kind.DONE),
    Message(Kind.FAULT, fields={"error": "no", "retryable": True}),
]


@pytest.mark.heavy
@many
@given(st.lists(st.sampled_from(SPOKEN), max_size=4), st.integers())
def test_a_garbled_pipe_is_events_or_a_wire_error(said: list[Message], seed: int) -> None:
    data = mutated(b"".join(map(pack, said)), random.Random(seed))
    try:
        messages = [checked(each) for each in MessageReader().feed(data)]
    except WireError:
        return
    for message in messages:
        event = to_event(message, "en")
        assert event is None or all(math.isfinite(d.end_time) for d in event.alternatives)
