"""Our own framing, read by wsproto's server."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("wsproto")

from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType

from anyio_stt.transports.websocket_frames import client_frame, masks

MASKS = masks()


def heard(frame: bytes) -> tuple[str | bytes, int]:
    server = Connection(ConnectionType.SERVER)
    server.receive_data(frame)
    parts: list[Any] = list(server.events())
    assert parts[-1].message_finished
    whole = parts[0].data[:0]
    for part in parts:
        whole += part.data
    return (whole if isinstance(whole, str) else bytes(whole)), len(parts)


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_a_server_reads_what_a_client_wrote(message: str | bytes) -> None:
    assert heard(client_frame(message, next(MASKS))) == (message, 1)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 65537])
def test_each_way_to_write_a_length_is_read(size: int) -> None:
    message = bytes(n % 251 for n in range(size))
    assert heard(client_frame(message, next(MASKS)))[0] == message


def test_no_two_messages_have_the_same_mask() -> None:
    seen = {next(MASKS) for _ in range(640)}
    assert len(seen) > 630
    assert {len(mask) for mask in seen} == {4}


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_the_mask_is_sent_with_what_it_hides(message: bytes, mask: bytes) -> None:
    frame = client_frame(message, mask)
    assert mask in frame[2:8]
    assert heard(frame)[0] == message
