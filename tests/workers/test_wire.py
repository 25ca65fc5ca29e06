"""Messages survive the pipe, however it cuts them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyio_stt.workers.wire import (
    MAX_BODY,
    Kind,
    Message,
    MessageReader,
    WireError,
    pack,
)

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
    ],
)
def test_a_wire_error_says_what_is_wrong(data: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        MessageReader().feed(data)


def test_a_body_that_is_too_long_is_refused_before_it_is_sent() -> None:
    with pytest.raises(WireError, match=str(MAX_BODY)):
        pack(Message(Kind.AUDIO, audio=bytes(MAX_BODY + 2)))
